// Shards are put back into the order of the inputs, or the sentence says what is missing.
#include "engine/formats/merge_rows.hpp"

#include <gtest/gtest.h>

#include "engine/formats/result_rows.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

ScoreRow row_of(std::size_t index) {
  ScoreRow row{.path = "line\n" + std::to_string(index), .top = {{"frog", 6, 0.5F}, {"cat", 3, 0}}};
  if (index % 5 == 4) row.error = {ScoreRow::Stage::open, "gone"};
  return row;
}

// The rows of shard `index` of `count`, all when there is one, of a set of `size` images.
std::string shard_bytes(const RowStyle& style, std::size_t size, std::size_t index = 0,
                        std::size_t count = 1) {
  std::string bytes = rows_header(style);
  for (std::size_t row = index; row < size; row += count) bytes += row_lines(row_of(row), style);
  return bytes;
}

// Shards in a folder, and what merging them says.
class Shards {
 public:
  Shards(const RowStyle& style, std::size_t size, std::size_t count)
      : suffix_(style.format == RowFormat::csv ? ".csv" : ".jsonl") {
    for (std::size_t i = 0; i < count; ++i) {
      paths.push_back(folder / (std::to_string(i) + suffix_));
      write_bytes(paths.back(), shard_bytes(style, size, i, count));
    }
    out = folder / ("all" + suffix_);
  }

  MergedRows merge() const { return merge_rows(paths, out); }

  // Wants an error of the kind, and that nothing was written.
  std::string refusal(ErrorKind kind) const {
    const auto files = folder.files();
    const std::string sentence = error_of(kind, [&] { merge(); });
    EXPECT_EQ(folder.files(), files);
    EXPECT_FALSE(std::filesystem::exists(out));
    return sentence;
  }

  void cut(std::size_t index, std::size_t bytes) const {
    const std::string whole = read_bytes(paths[index]);
    write_bytes(paths[index], whole.substr(0, whole.size() - bytes));
  }

  TemporaryFolder folder;
  std::vector<std::string> paths;
  std::string out;

 private:
  std::string suffix_;
};

const RowStyle kJson = {RowFormat::jsonl, ""};
const RowStyle kCsv = {RowFormat::csv, ""};

void expect_words(const std::string& sentence, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    EXPECT_NE(sentence.find(word), std::string::npos) << word << " in " << sentence;
}

TEST(MergeRows, RestoresTheOrderOfTheInputs) {
  for (const RowStyle& style : {kJson, kCsv, RowStyle{RowFormat::csv, "fast"}}) {
    for (const std::size_t size : {0, 1, 2, 3, 99, 100, 101}) {
      for (const std::size_t count : {1, 2, 3, 7}) {
        const Shards shards(style, size, count);
        const MergedRows merged = shards.merge();
        EXPECT_EQ(read_bytes(shards.out), shard_bytes(style, size));
        EXPECT_EQ(merged.rows, size);
        EXPECT_EQ(merged.failed, size / 5);
      }
    }
  }
}

TEST(MergeRows, NamesTheRowsOfAMissingShard) {
  const Shards shards(kJson, 100, 3);
  std::filesystem::remove(shards.paths[1]);
  expect_words(shards.refusal(ErrorKind::io),
               {"1.jsonl is missing", "inputs 1, 4, 7, ... (at least 33)", "--shard 1/3 --resume"});
  write_bytes(shards.paths[1] + ".part", "");
  expect_words(shards.refusal(ErrorKind::io), {"1.jsonl.part is unfinished"});
}

TEST(MergeRows, NamesTheRowsThatAShardLacks) {
  for (const RowStyle& style : {kJson, kCsv}) {
    const Shards shards(style, 100, 3);
    shards.cut(1, row_lines(row_of(97), style).size() + row_lines(row_of(94), style).size());
    expect_words(shards.refusal(ErrorKind::io),
                 {"lacks the rows of inputs 94, 97", "--shard 1/3 --resume"});
  }
}

TEST(MergeRows, RefusesATornRow) {
  for (const RowStyle& style : {kJson, kCsv}) {
    for (const std::size_t bytes : {1, 2, 10}) {
      const Shards shards(style, 100, 3);
      shards.cut(2, bytes);
      expect_words(shards.refusal(ErrorKind::io),
                   {"2.", "ends in a torn row", "input 98", "--shard 2/3 --resume"});
    }
  }
  // A CSV row that has lost its last line ends like a whole one.
  const Shards shards(kCsv, 99, 3);
  const std::string lines = row_lines(row_of(98), kCsv);
  shards.cut(2, lines.size() - lines.find("\"line\n98\",2"));
  expect_words(shards.refusal(ErrorKind::io), {"2.csv", "ends in a torn row"});
}

TEST(MergeRows, NamesThreeFaultyShardsAndCountsTheRest) {
  const Shards shards(kJson, 100, 9);
  for (std::size_t i = 2; i < 9; ++i) std::filesystem::remove(shards.paths[i]);
  const std::string sentence = shards.refusal(ErrorKind::io);
  expect_words(sentence, {"2.jsonl", "4.jsonl", "and 4 more"});
  EXPECT_EQ(sentence.find("5.jsonl"), std::string::npos);
}

TEST(MergeRows, RefusesShardsInAnotherOrder) {
  Shards shards(kJson, 100, 3);
  std::swap(shards.paths[0], shards.paths[1]);
  expect_words(shards.refusal(ErrorKind::io), {"in order"});
}

TEST(MergeRows, RefusesFilesThatDoNotBelongTogether) {
  Shards shards(kJson, 100, 3);
  shards.paths.push_back(shards.paths[1]);
  expect_words(shards.refusal(ErrorKind::usage), {"1.jsonl", "twice"});
  std::filesystem::create_symlink(shards.paths[0], shards.folder / "link.jsonl");
  shards.paths[3] = shards.folder / "link.jsonl";
  expect_words(shards.refusal(ErrorKind::usage), {"link.jsonl", "twice"});
  shards.paths[3] = shards.folder / "other.csv";
  expect_words(shards.refusal(ErrorKind::usage), {"other.csv", "format"});
  shards.paths[3] = shards.folder / "other.txt";
  expect_words(shards.refusal(ErrorKind::usage), {"other.txt", ".jsonl"});
  Shards columns(kCsv, 99, 3);
  write_bytes(columns.paths[1], shard_bytes({RowFormat::csv, "fast"}, 99, 1, 3));
  expect_words(columns.refusal(ErrorKind::usage), {"1.csv", "--decode"});
  write_bytes(columns.paths[1], "not rows\n");
  expect_words(columns.refusal(ErrorKind::io), {"1.csv", "byte 0"});
}

TEST(MergeRows, NeverReplacesAShardByTheResult) {
  Shards shards(kJson, 10, 2);
  const std::string before = read_bytes(shards.paths[1]);
  error_of(ErrorKind::usage, [&] { merge_rows(shards.paths, shards.paths[1]); });
  EXPECT_EQ(read_bytes(shards.paths[1]), before);
}

TEST(MergeRows, WarnsOfAnUnfinishedRunBesideAWholeShard) {
  const Shards shards(kJson, 10, 2);
  write_bytes(shards.paths[1] + ".part", "");
  std::string warning;
  const auto listen = [&](Severity severity, std::string_view text) {
    EXPECT_EQ(severity, Severity::warning);
    warning += text;
  };
  merge_rows(shards.paths, shards.out, {.diagnostics = listen, .cancelled = {}});
  expect_words(warning, {"1.jsonl.part"});
}

TEST(MergeRows, CanBeInterrupted) {
  const Shards shards(kJson, 10, 2);
  error_of(ErrorKind::interrupted, [&] {
    merge_rows(shards.paths, shards.out, {.diagnostics = {}, .cancelled = [] { return true; }});
  });
  EXPECT_EQ(shards.folder.files(), 2);
}

}  // namespace
}  // namespace allconv
