// A run that stopped goes on where it was, or is told apart from another run.
#include "engine/formats/part_file.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <vector>

#include "tests/formats/sample_part.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

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
    // The identity itself may be torn, as long as there are no rows.
    leave_part(folder / name, 0);
    const std::string text = read_bytes(folder / name + ".part.json");
    for (const std::string& torn : {std::string(), text.substr(0, 20), std::string(20, '\0')}) {
      write_bytes(folder / name + ".part", "");
      write_bytes(folder / name + ".part.json", torn);
      finish_rest(folder / name, 0);
    }
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
