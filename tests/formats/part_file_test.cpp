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

PartIdentity identity() {
  return {.program = "1.2.3",
          .model_hash = 0x0123456789abcdefU,
          .inputs = 4,
          .inputs_hash = 0xfedcba9876543210U,
          .flags = {{"--top-k", "2"}, {"--tuning-file", ""}},
          .device = "abacus, beads"};
}

// Four rows of two guesses are wanted in `out`, whose suffix says the format.
PartRequest request(const std::string& out, PartStart start = PartStart::anew) {
  return {.out_path = out,
          .identity = identity(),
          .style = {.format = row_format_of(out).value_or(RowFormat::jsonl)},
          .lines_per_row = 2,
          .rows = 4,
          .start = start};
}

PartRequest resumed(const std::string& out) { return request(out, PartStart::resume); }

std::string lines_of(std::size_t index, const std::string& out) {
  ScoreRow row{.path = "two\nlines" + std::to_string(index),
               .top = {{"frog", 6, 0.5F}, {"cat", 3, 0.25F}}};
  if (index == 1) row.error = {ScoreRow::Stage::open, "gone"};
  return row_lines(row, request(out).style);
}

std::string header_of(const std::string& out) { return rows_header(request(out).style); }

// The finished file.
std::string whole(const std::string& out) {
  std::string bytes = header_of(out);
  for (std::size_t i = 0; i < 4; ++i) bytes += lines_of(i, out);
  return bytes;
}

// A run that stops after `rows` rows.
void leave_part(const std::string& out, std::size_t rows) {
  PartFile part(request(out, PartStart::replace));
  for (std::size_t i = 0; i < rows; ++i) part.append(lines_of(i, out));
}

// Resumes, checks how many rows were found, finishes.
void finish_rest(const std::string& out, std::size_t found) {
  PartFile part(resumed(out));
  EXPECT_EQ(part.rows_found(), found);
  EXPECT_EQ(part.failures_found(), found > 1 ? 1U : 0U);
  for (std::size_t i = part.rows_found(); i < 4; ++i) part.append(lines_of(i, out));
  part.finish();
  EXPECT_EQ(read_bytes(out), whole(out));
  EXPECT_FALSE(std::filesystem::exists(out + ".part"));
  EXPECT_FALSE(std::filesystem::exists(out + ".part.json"));
}

// Refuses to resume for a fault of the part file, names it, and leaves all as it was.
std::string resume_refusal(const std::string& out, const PartRequest& wanted) {
  const std::string before = read_bytes(out + ".part");
  const std::string text = read_bytes(out + ".part.json");
  const std::string sentence = error_of(ErrorKind::usage, [&] { PartFile part(wanted); });
  EXPECT_NE(sentence.find(out + ".part"), std::string::npos) << sentence;
  EXPECT_EQ(read_bytes(out + ".part"), before);
  EXPECT_EQ(read_bytes(out + ".part.json"), text);
  return sentence;
}

const std::vector<std::string> kNames = {"out.jsonl", "out.csv"};

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

TEST(PartFileResume, GoesOnAfterAnyNumberOfRows) {
  for (const std::string& name : kNames) {
    for (const std::size_t rows : {0, 1, 2, 3, 4}) {
      const TemporaryFolder folder;
      leave_part(folder / name, rows);
      write_bytes(folder / name, "an old result");  // stays until the new one is whole
      finish_rest(folder / name, rows);
    }
  }
}

TEST(PartFileResume, CutsATornRowWhereverItIsTorn) {
  for (const std::string& name : kNames) {
    const TemporaryFolder folder;
    const std::string out = folder / name;
    const std::string bytes = whole(out);
    for (std::size_t cut = 0; cut < bytes.size(); cut += 17) {  // slow: each run is flushed
      leave_part(out, 0);
      write_bytes(out + ".part", bytes.substr(0, cut) + std::string(cut % 3 * 700, '\0'));
      std::size_t found = 0;
      std::size_t end = header_of(out).size();
      while (end + lines_of(found, out).size() <= cut) end += lines_of(found++, out).size();
      finish_rest(out, found);
    }
  }
}

TEST(PartFileResume, StartsAnewWhereNothingIsThere) {
  for (const std::string& name : kNames) {
    const TemporaryFolder folder;
    finish_rest(folder / name, 0);
    // A part file that a crash left before its identity was written holds nothing.
    write_bytes(folder / name + ".part", "");
    finish_rest(folder / name, 0);
    // An identity without rows belongs to none.
    write_bytes(folder / name + ".part.json", "{}");
    finish_rest(folder / name, 0);
  }
}

TEST(PartFileResume, NamesWhatDiffers) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  leave_part(out, 2);
  const auto differs = [&](auto change) {
    PartRequest wanted = resumed(out);
    change(wanted.identity);
    const std::string sentence = resume_refusal(out, wanted);
    EXPECT_NE(sentence.find("; "), std::string::npos);
    return sentence;
  };
  const auto contains = [](const std::string& sentence, std::string_view words) {
    EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
  };
  contains(differs([](auto& is) { is.program = "2"; }), "version (was 1.2.3, is 2)");
  contains(differs([](auto& is) { is.model_hash = 1; }), "the model (was 0123456789abcdef, is 0");
  contains(differs([](auto& is) { is.inputs = 5; }), "number of inputs (was 4, is 5)");
  contains(differs([](auto& is) { is.inputs_hash = 1; }), "the inputs' paths");
  contains(differs([](auto& is) { is.flags[0].value = "5"; }), "--top-k (was 2, is 5)");
  contains(differs([](auto& is) { is.flags[1].value = "ab"; }),
           "--tuning-file (was not given, is ab)");
  contains(differs([](auto& is) { is.flags.erase(is.flags.begin()); }),
           "--top-k (was 2, is not given)");
  const std::string both = differs([](auto& is) {
    is.model_hash = 1;
    is.flags[0].value = "5";
  });
  contains(both, "the model");
  contains(both, "--top-k");
  finish_rest(out, 2);
}

// A crash between the last two steps: the rows are in their place before their identity goes.
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

TEST(PartFileResume, OnAnotherDeviceWarnsOnce) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  leave_part(out, 1);
  PartRequest wanted = resumed(out);
  wanted.identity.device = "slide rule";
  std::vector<std::string> said;
  const auto listen = [&](Severity severity, std::string_view text) {
    EXPECT_EQ(severity, Severity::warning);
    said.emplace_back(text);
  };
  PartFile part(wanted, listen);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said[0].find("abacus"), std::string::npos);
  EXPECT_NE(said[0].find("slide rule"), std::string::npos);
}

TEST(PartFileResume, RefusesRowsThatNothingTellsOf) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  leave_part(out, 2);
  const std::string text = read_bytes(out + ".part.json");
  std::filesystem::remove(out + ".part.json");
  resume_refusal(out, resumed(out));
  const std::vector<std::string> damaged = {"",
                                            "{",
                                            "[]",
                                            "{}",
                                            "null",
                                            text + text,
                                            std::string(200'000, '['),
                                            std::string(2'000'000, ' '),
                                            "{\"program\": 1}",
                                            text.substr(0, text.size() / 2)};
  for (const std::string& wrong : damaged) {
    write_bytes(out + ".part.json", wrong);
    resume_refusal(out, resumed(out));
  }
  std::filesystem::remove(out + ".part.json");
  ASSERT_EQ(::mkfifo((out + ".part.json").c_str(), 0600), 0);
  error_of(ErrorKind::usage, [&] { PartFile part(resumed(out)); });
}

TEST(PartFileResume, RefusesWhatAreNoRowsAndMoreRowsThanInputs) {
  for (const std::string& name : kNames) {
    const TemporaryFolder folder;
    const std::string out = folder / name;
    leave_part(out, 2);
    const std::string rows = read_bytes(out + ".part");
    write_bytes(out + ".part", rows + "something else\n" + lines_of(2, out));
    const std::string sentence = resume_refusal(out, resumed(out));
    EXPECT_NE(sentence.find("byte " + std::to_string(rows.size())), std::string::npos) << sentence;
    write_bytes(out + ".part", whole(out) + lines_of(0, out));
    EXPECT_NE(resume_refusal(out, resumed(out)).find("5 rows for 4 inputs"), std::string::npos);
  }
}

TEST(PartFileResume, TouchesNothingThatAnotherProcessWrites) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  PartFile first(request(out));
  first.append(lines_of(0, out));
  for (const PartStart start : {PartStart::anew, PartStart::replace, PartStart::resume})
    error_of(ErrorKind::io, [&] { PartFile second(request(out, start)); });
  for (std::size_t i = 1; i < 4; ++i) first.append(lines_of(i, out));
  first.finish();
  EXPECT_EQ(read_bytes(out), whole(out));
}

TEST(PartFileResume, AppendsBehindACutWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  const std::string out = folder / "out.jsonl";
  leave_part(out, 2);
  const std::string rows = read_bytes(out + ".part");
  write_bytes(out + ".part", rows + lines_of(2, out).substr(0, 5));
  PartFile part(resumed(out));
  EXPECT_EQ(read_bytes(out + ".part"), rows);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_action = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {rows.size() + 3, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  error_of(ErrorKind::io, [&] { part.append(lines_of(2, out)); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, old_action);
  EXPECT_EQ(read_bytes(out + ".part"), rows);
}

}  // namespace
}  // namespace allconv
