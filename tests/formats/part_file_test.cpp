// Results appear whole at the end; until then they stand in the part file, which has one writer.
#include "engine/formats/part_file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/formats/sample_part.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

TEST(PartFile, BecomesTheOutputAtTheEnd) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  PartFile part(request(out));
  part.append("one\n");
  EXPECT_EQ(read_bytes(out + ".part"), "one\n");
  EXPECT_EQ(read_bytes(out + ".part.json"),
            "{\"program\":\"1.2.3\",\"model\":\"0123456789abcdef\",\"inputs\":{\"count\":\"4\","
            "\"paths\":\"fedcba9876543210\"},\"flags\":{\"--top-k\":\"2\",\"--tuning-file\":\"\"},"
            "\"device\":\"abacus, beads\"}\n");
  EXPECT_FALSE(std::filesystem::exists(out));
  part.append("two\nthree\n");
  part.finish();
  EXPECT_EQ(read_bytes(out), "one\ntwo\nthree\n");
  EXPECT_EQ(folder.files(), 1);
}

TEST(PartFile, StaysWhenTheRunDoesNotFinish) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  { PartFile(request(out)).append("one\n"); }
  EXPECT_EQ(read_bytes(out + ".part"), "one\n");
  EXPECT_EQ(folder.files(), 2);
  PartFile anew(request(out));
  EXPECT_EQ(read_bytes(out + ".part"), "");
}

TEST(PartFile, HasOneWriter) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  PartFile first(request(out));
  first.append("one\n");
  const std::string sentence = error_of(ErrorKind::io, [&] { PartFile second(request(out)); });
  EXPECT_NE(sentence.find("another process"), std::string::npos);
  first.finish();
  EXPECT_EQ(read_bytes(out), "one\n");
  PartFile third(request(out, PartStart::replace));
}

TEST(PartFile, RefusesWhatCannotBeWritten) {
  const TemporaryFolder folder;
  error_of(ErrorKind::io, [&] { PartFile(request(folder / "missing/out")); });
  ASSERT_EQ(::mkfifo((folder / "out.part").c_str(), 0600), 0);
  error_of(ErrorKind::io, [&] { PartFile(request(folder / "out")); });
  std::filesystem::create_directory(folder / "other.part");
  error_of(ErrorKind::io, [&] { PartFile(request(folder / "other")); });
  std::filesystem::create_directory(folder / "third.part.json");
  error_of(ErrorKind::io, [&] { PartFile(request(folder / "third")); });
  EXPECT_FALSE(std::filesystem::exists(folder / "third.part"));
}

TEST(PartFile, SurvivesAKillWithAllItsLines) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    PartFile part(request(out));
    part.append("one\n");
    part.append("two\n");
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_bytes(out + ".part"), "one\ntwo\n");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(PartFile, EndsWithAWholeLineWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  PartFile part(request(out));
  const std::string line = std::string(99, 'x') + "\n";
  // A limit on the size of files stands for the full disk.
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_action = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {250, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  part.append(line);
  part.append(line);
  error_of(ErrorKind::io, [&] { part.append(line); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, old_action);
  EXPECT_EQ(read_bytes(out + ".part"), line + line);
}

TEST(PartFile, IsFlushedWhileItIsWritten) {
  const TemporaryFolder folder;
  PartFile part(request(folder / "out.jsonl"));
  part.append("one\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  part.append("two\n");
  part.finish();
  EXPECT_EQ(read_bytes(folder / "out.jsonl"), "one\ntwo\n");
}

TEST(PartFile, OverwritesAnOutputOnlyWhenAskedTo) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  write_bytes(out, "old");
  error_of(ErrorKind::usage, [&] { PartFile part(request(out)); });
  EXPECT_EQ(folder.files(), 1);
  PartFile part(request(out, PartStart::replace));
  EXPECT_EQ(read_bytes(out), "old");
  part.append(lines_of(0, out));
  part.finish();
  EXPECT_EQ(read_bytes(out), lines_of(0, out));
}

TEST(PartFile, SaysHowMuchOfAnUnfinishedRunIsGivenUp) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  leave_part(out, 2);
  const auto bytes = std::to_string(std::filesystem::file_size(out + ".part"));
  std::string said;
  const auto listen = [&](Severity, std::string_view text) { said += text; };
  PartFile part(request(out), listen);
  EXPECT_NE(said.find(bytes + " bytes"), std::string::npos) << said;
  EXPECT_EQ(read_bytes(out + ".part"), "");
}

TEST(PartFile, GivesUpTheIdentityLast) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  PartFile part(request(out));
  for (std::size_t i = 0; i < 4; ++i) part.append(lines_of(i, out));
  // What cannot be removed stands for a crash before it is removed.
  std::filesystem::remove(out + ".part.json");
  std::filesystem::create_directory(out + ".part.json");
  error_of(ErrorKind::io, [&] { part.finish(); });
  EXPECT_EQ(read_bytes(out), whole(out));
  EXPECT_FALSE(std::filesystem::exists(out + ".part"));
}

TEST(PartFile, AnIdentityWithoutRowsIsRemovedUnlessARunHasBegun) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  remove_stale_identity(out);
  EXPECT_EQ(folder.files(), 0);
  write_bytes(out + ".part.json", "{}");
  remove_stale_identity(out);
  EXPECT_EQ(folder.files(), 0);
  PartFile part(request(out));
  remove_stale_identity(out);
  EXPECT_EQ(folder.files(), 2);
}

}  // namespace
}  // namespace allconv
