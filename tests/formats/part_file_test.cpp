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

#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

const PartIdentity kIdentity = {"1.2.3", 0x0123456789abcdefU};

TEST(PartFile, BecomesTheOutputAtTheEnd) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  PartFile part(out, kIdentity);
  part.append("one\n");
  EXPECT_EQ(read_bytes(out + ".part"), "one\n");
  EXPECT_EQ(read_bytes(out + ".part.json"),
            "{\"program\":\"1.2.3\",\"model\":\"0123456789abcdef\"}\n");
  EXPECT_FALSE(std::filesystem::exists(out));
  part.append("two\nthree\n");
  part.finish();
  EXPECT_EQ(read_bytes(out), "one\ntwo\nthree\n");
  EXPECT_EQ(folder.files(), 1);
}

TEST(PartFile, StaysWhenTheRunDoesNotFinish) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  { PartFile(out, kIdentity).append("one\n"); }
  EXPECT_EQ(read_bytes(out + ".part"), "one\n");
  EXPECT_EQ(folder.files(), 2);
  PartFile anew(out, kIdentity);
  EXPECT_EQ(read_bytes(out + ".part"), "");
}

TEST(PartFile, HasOneWriter) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  PartFile first(out, kIdentity);
  first.append("one\n");
  const std::string sentence = error_of(ErrorKind::io, [&] { PartFile second(out, kIdentity); });
  EXPECT_NE(sentence.find("another process"), std::string::npos);
  first.finish();
  EXPECT_EQ(read_bytes(out), "one\n");
  PartFile third(out, kIdentity);
}

TEST(PartFile, RefusesWhatCannotBeWritten) {
  const TemporaryFolder folder;
  error_of(ErrorKind::io, [&] { PartFile(folder / "missing/out", kIdentity); });
  ASSERT_EQ(::mkfifo((folder / "out.part").c_str(), 0600), 0);
  error_of(ErrorKind::io, [&] { PartFile(folder / "out", kIdentity); });
  std::filesystem::create_directory(folder / "other.part");
  error_of(ErrorKind::io, [&] { PartFile(folder / "other", kIdentity); });
  std::filesystem::create_directory(folder / "third.part.json");
  error_of(ErrorKind::io, [&] { PartFile(folder / "third", kIdentity); });
  EXPECT_FALSE(std::filesystem::exists(folder / "third.part"));
}

TEST(PartFile, SurvivesAKillWithAllItsLines) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    PartFile part(out, kIdentity);
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
  PartFile part(out, kIdentity);
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
  PartFile part(folder / "out.jsonl", kIdentity);
  part.append("one\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  part.append("two\n");
  part.finish();
  EXPECT_EQ(read_bytes(folder / "out.jsonl"), "one\ntwo\n");
}

}  // namespace
}  // namespace allconv
