// Tuning files of GPUs, and sessions: what is kept, merged, warned of and replaced.
#include "engine/plan/tuning_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "engine/plan/tuning_session.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

const TuningFile::Versions kVersions = {{"allconv", "1"}, {"driver", "13.0"}};

TuningFile gpu_file() { return TuningFile("a GPU, sm_80", kVersions); }

TuningEntry entry_of(const std::string& problem, double milliseconds = 1) {
  return {.operation = "conv2d_forward",
          .problem = problem,
          .precision = "bf16",
          .candidates = {{"conv2d_forward_cuda_simt", milliseconds}}};
}

// Collects what a user would read.
struct Said {
  std::vector<std::string> warnings, notes;

  Diagnostics diagnostics() {
    return [this](Severity severity, std::string_view text) {
      (severity == Severity::warning ? warnings : notes).emplace_back(text);
    };
  }
};

TEST(GpuTuningFile, AllKeysComeBackByteForByte) {
  const std::string plan =
      "{\"engine\": 34,\n\t\"knobs\": [\"\\u00e9\", \"\xC3\xA9\", \"\x01\"]}\n";
  TuningFile file = gpu_file();
  file.add({.operation = "conv2d_forward",
            .problem = "n128h8w8c16",
            .precision = "fp16",
            .mask = true,
            .exact = true,
            .clock_mhz = 1980.5,
            .candidates = {{"slow", 2.5},
                           {.kernel = "conv2d_forward_cudnn",
                            .milliseconds = 0.25,
                            .way = "engine 34",
                            .workspace_bytes = std::size_t{5} << 32,
                            .plan = plan}}});
  const TuningFile read = TuningFile::parse(file.text(), "text");
  EXPECT_EQ(read.text(), file.text());
  EXPECT_TRUE(read.is_like(file));
  ASSERT_EQ(read.entries().size(), 1U);
  const TuningEntry& entry = read.entries().begin()->second;
  EXPECT_TRUE(entry.mask);
  EXPECT_TRUE(entry.exact);
  EXPECT_EQ(entry.precision, "fp16");
  EXPECT_EQ(entry.clock_mhz, 1980.5);
  const TuningCandidate& fastest = entry.candidates.front();
  EXPECT_EQ(fastest.kernel, "conv2d_forward_cudnn");
  EXPECT_EQ(fastest.way, "engine 34");
  EXPECT_EQ(fastest.workspace_bytes, std::size_t{5} << 32);
  EXPECT_EQ(fastest.plan, plan);
}

TEST(GpuTuningFile, AFileOfTheCpuHasNoneOfTheKeys) {
  TuningFile file("a CPU, avx2");
  file.add({.operation = "relu_forward", .problem = "count7", .candidates = {{"fast", 0.125}}});
  for (const char* key : {"versions", "precision", "mask", "exact", "clock", "way", "plan"}) {
    EXPECT_EQ(file.text().find(key), std::string::npos) << key;
  }
  EXPECT_NE(TuningFile::parse(file.text(), "text").find({"relu_forward", "count7"}), nullptr);
}

TEST(GpuTuningFile, WhatTheTimeDependsOnTellsEntriesApart) {
  TuningFile file = gpu_file();
  const TuningEntry entry = entry_of("n1");
  file.add(entry);
  TuningKey key = entry.key();
  EXPECT_NE(file.find(key), nullptr);
  key.mask = true;
  EXPECT_EQ(file.find(key), nullptr);
  key = entry.key();
  key.precision = "fp16";
  EXPECT_EQ(file.find(key), nullptr);
  key = entry.key();
  key.exact = true;
  EXPECT_EQ(file.find(key), nullptr);
}

TEST(GpuTuningFile, WrongValuesAreRefused) {
  const std::string text = [] {
    TuningFile file = gpu_file();
    TuningEntry entry = entry_of("n1");
    entry.mask = true;
    entry.candidates.front().workspace_bytes = 7;
    file.add(entry);
    return file.text();
  }();
  for (const auto& [right, wrong] : {std::pair("\"13.0\"", "13.0"), std::pair("true", "1"),
                                     std::pair("\"workspace_bytes\": 7", "\"workspace_bytes\": -7"),
                                     std::pair("\"bf16\"", "[]")}) {
    std::string changed = text;
    changed.replace(changed.find(right), std::string_view(right).size(), wrong);
    EXPECT_THROW(TuningFile::parse(changed, "text"), Error) << wrong;
  }
}

TEST(GpuTuningFile, MergedEntriesWin) {
  TuningFile file = gpu_file();
  file.add(entry_of("n1", 1));
  file.add(entry_of("n2", 1));
  TuningFile other = gpu_file();
  other.add(entry_of("n2", 7));
  other.add(entry_of("n3", 7));
  file.merge(other);
  EXPECT_EQ(file.entries().size(), 3U);
  EXPECT_EQ(file.find(entry_of("n1").key())->candidates.front().milliseconds, 1);
  EXPECT_EQ(file.find(entry_of("n2").key())->candidates.front().milliseconds, 7);
}

TEST(GpuTuningFile, AMissingFileIsNothingToWarnOf) {
  const TemporaryFolder folder;
  Said said;
  EXPECT_TRUE(gpu_file().read_like(folder / "none.json", said.diagnostics()).entries().empty());
  EXPECT_TRUE(said.warnings.empty());
}

TEST(GpuTuningFile, WritingAddsToWhatIsThere) {
  const TemporaryFolder folder;
  const std::string path = folder / "tuning.json";
  Said said;
  TuningFile one = gpu_file();
  one.add(entry_of("n1"));
  one.write_merged(path, said.diagnostics());
  TuningFile two = gpu_file();
  two.add(entry_of("n2"));
  two.write_merged(path, said.diagnostics());
  EXPECT_EQ(TuningFile::read(path).entries().size(), 2U);
  EXPECT_TRUE(said.warnings.empty());
  EXPECT_EQ(folder.files(), 1);
}

TEST(GpuTuningFile, WhatDoesNotServeIsReplacedWithOneWarning) {
  TuningFile foreign("another GPU, sm_90", kVersions);
  foreign.add(entry_of("n9"));
  TuningFile old("a GPU, sm_80", {{"allconv", "1"}, {"driver", "12.9"}});
  old.add(entry_of("n9"));
  const struct {
    std::string text, word;
  } cases[] = {{"{\"format\": \"allconv-tuning-1\", \"dev", "tuning.json"},
               {"", "tuning.json"},
               {foreign.text(), "another GPU"},
               {old.text(), "driver 12.9"}};
  for (const auto& [text, word] : cases) {
    const TemporaryFolder folder;
    const std::string path = folder / "tuning.json";
    write_bytes(path, text);
    Said said;
    TuningFile file = gpu_file();
    file.add(entry_of("n1"));
    file.write_merged(path, said.diagnostics());
    ASSERT_EQ(said.warnings.size(), 1U) << text;
    EXPECT_NE(said.warnings.front().find(word), std::string::npos) << said.warnings.front();
    EXPECT_EQ(read_bytes(path), file.text());
  }
}

TEST(GpuTuningFile, WritersAtTheSameTimeLoseNothing) {
  const TemporaryFolder folder;
  const std::string path = folder / "tuning.json";
  constexpr int kWriters = 3;
  constexpr int kEntries = 12;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&path, writer] {
      for (int i = 0; i < kEntries; ++i) {
        TuningFile file = gpu_file();
        file.add(entry_of("n" + std::to_string(writer) + "h" + std::to_string(i)));
        file.write_merged(path, {});
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(TuningFile::read(path).entries().size(), std::size_t{kWriters * kEntries});
  EXPECT_EQ(folder.files(), 1);
}

TEST(TuningSession, KeepsWhatIsNewBesideWhatWasKnown) {
  const TemporaryFolder folder;
  const std::string path = folder / "tuning.json";
  Said said;
  const auto open = [&] {
    return TuningSession::open(gpu_file(), {.path = path, .diagnostics = said.diagnostics()});
  };
  TuningSession first = open();
  first.add(entry_of("n1"));
  first.keep();
  TuningSession second = open();
  EXPECT_NE(second.known().find(entry_of("n1").key()), nullptr);
  TuningFile checkpoint = gpu_file();
  checkpoint.add(entry_of("n3"));
  second.adopt(checkpoint);
  second.add(entry_of("n2"));
  second.keep();
  EXPECT_NE(second.known().find(entry_of("n3").key()), nullptr);
  const TuningFile kept = TuningFile::read(path);
  EXPECT_EQ(kept.entries().size(), 2U);
  EXPECT_EQ(kept.find(entry_of("n3").key()), nullptr) << "what was adopted is not written";
  EXPECT_TRUE(said.warnings.empty());
}

TEST(TuningSession, NothingNewWritesNothing) {
  const TemporaryFolder folder;
  TuningSession session = TuningSession::open(gpu_file(), {.path = folder / "tuning.json"});
  session.keep();
  EXPECT_EQ(folder.files(), 0);
}

TEST(TuningSession, AForgottenAnswerIsUnknownInTheFileToo) {
  const TemporaryFolder folder;
  const std::string path = folder / "tuning.json";
  TuningFile file = gpu_file();
  file.add(entry_of("n1"));
  file.write(path);
  TuningSession session = TuningSession::open(gpu_file(), {.path = path});
  session.forget(entry_of("n1").key());
  EXPECT_EQ(session.known().find(entry_of("n1").key()), nullptr);
  session.keep();
  EXPECT_EQ(TuningFile::read(path).find(entry_of("n1").key()), nullptr);
}

TEST(TuningSession, ADamagedFileCostsOneWarningAndIsReplaced) {
  const TemporaryFolder folder;
  const std::string path = folder / "tuning.json";
  write_bytes(path, "{");
  Said said;
  TuningSession session =
      TuningSession::open(gpu_file(), {.path = path, .diagnostics = said.diagnostics()});
  session.add(entry_of("n1"));
  session.keep();
  EXPECT_EQ(said.warnings.size(), 1U);
  EXPECT_EQ(TuningFile::read(path).entries().size(), 1U);
}

TEST(TuningSession, AFileThatCannotBeWrittenCostsANote) {
  const TemporaryFolder folder;
  write_bytes(folder / "file", "");
  Said said;
  TuningSession session = TuningSession::open(
      gpu_file(), {.path = folder / "file/tuning.json", .diagnostics = said.diagnostics()});
  session.add(entry_of("n1"));
  session.keep();
  EXPECT_TRUE(said.warnings.empty());
  ASSERT_EQ(said.notes.size(), 1U);
  EXPECT_NE(said.notes.front().find("tuning.json"), std::string::npos);
}

}  // namespace
}  // namespace allconv
