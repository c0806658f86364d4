// Rows are read back one by one; what a kill or a power cut leaves behind them is told apart.
#include "engine/formats/row_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

using Rest = RowReader::Rest;

constexpr std::size_t kGuesses = 2;

// Rows with everything that makes reading hard: quoted newlines, quotes, escapes, bytes, errors.
std::vector<ScoreRow> hard_rows() {
  const std::vector<std::string> paths = {
      "a.png",    "two\nlines.png", "\"quoted\".png", "comma,.png",        "back\\slash.png",
      "\xFF\xFE", "\"\n\",\"\n",    "\\\"",           "x\", \"error\": {", ""};
  std::vector<ScoreRow> rows;
  for (const std::string& path : paths) {
    rows.push_back({.path = path, .top = {{"frog, \"green\"\n", 6, 0.5F}, {"cat", 3, 0.25F}}});
    rows.push_back(
        {.path = path, .error = ScoreRow::Failure{ScoreRow::Stage::decode, "\"top\"\n"}});
  }
  return rows;
}

struct Written {
  std::string bytes;
  std::vector<std::size_t> ends;  // of the header and of each row
};

Written write(const std::vector<ScoreRow>& rows, const RowStyle& style) {
  Written written{.bytes = rows_header(style), .ends = {}};
  written.ends.push_back(written.bytes.size());
  for (const ScoreRow& row : rows) {
    written.bytes += row_lines(row, style);
    written.ends.push_back(written.bytes.size());
  }
  return written;
}

const std::vector<RowStyle> kStyles = {{RowFormat::jsonl, ""},
                                       {RowFormat::csv, ""},
                                       {RowFormat::jsonl, "fast"},
                                       {RowFormat::csv, "fast"}};

TEST(RowReader, GivesTheBytesOfEachRow) {
  const TemporaryFolder folder;
  const std::vector<ScoreRow> rows = hard_rows();
  for (const RowStyle& style : kStyles) {
    write_bytes(folder / "rows", write(rows, style).bytes);
    for (const std::size_t lines : {std::size_t{0}, kGuesses}) {
      RowReader reader(folder / "rows", style.format, lines);
      EXPECT_EQ(reader.header(), rows_header(style));
      for (const ScoreRow& row : rows) {
        const auto read = reader.next();
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(read->bytes, row_lines(row, style));
        EXPECT_EQ(read->failed, row.error.has_value());
      }
      EXPECT_FALSE(reader.next().has_value());
      EXPECT_EQ(reader.rest(), Rest::none);
    }
  }
}

// The whole rows before `cut`, and nothing else, are found in a file that is cut there.
void expect_rows_before(std::size_t cut, const Written& written, const RowCounts& counts) {
  const auto after = std::upper_bound(written.ends.begin(), written.ends.end(), cut);
  const auto rows = static_cast<std::size_t>(after - written.ends.begin()) - 1;
  ASSERT_EQ(counts.rows, rows) << cut;
  ASSERT_EQ(counts.bytes, static_cast<std::int64_t>(written.ends[rows])) << cut;
  ASSERT_EQ(counts.failed, rows / 2) << cut;
}

TEST(RowReader, FindsTheWholeRowsBeforeACutAnywhere) {
  const TemporaryFolder folder;
  for (const RowStyle& style : kStyles) {
    const Written written = write(hard_rows(), style);
    write_bytes(folder / "rows", written.bytes);
    for (std::size_t cut = written.bytes.size() + 1; cut-- > written.ends.front();) {
      std::filesystem::resize_file(folder / "rows", cut);
      const RowCounts counts = count_rows(folder / "rows", style.format, kGuesses);
      expect_rows_before(cut, written, counts);
      const bool whole = counts.bytes == static_cast<std::int64_t>(cut);
      ASSERT_EQ(counts.rest, whole ? Rest::none : Rest::torn) << cut;
    }
  }
}

// After a power cut a file may have its length, but zeros for its last bytes.
TEST(RowReader, FindsTheWholeRowsBeforeZeros) {
  const TemporaryFolder folder;
  for (const RowStyle& style : kStyles) {
    const Written written = write(hard_rows(), style);
    for (std::size_t cut = written.ends.front(); cut <= written.bytes.size(); cut += 37) {
      write_bytes(folder / "rows", written.bytes.substr(0, cut) + std::string(100, '\0'));
      const RowCounts counts = count_rows(folder / "rows", style.format, kGuesses);
      expect_rows_before(cut, written, counts);
      ASSERT_EQ(counts.rest, Rest::torn) << cut;
    }
    // One block was lost, the next was kept: what follows the zeros is not to be trusted.
    const std::size_t second = written.ends[1];
    std::string holed = written.bytes;
    holed.replace(second, 10, std::string(10, '\0'));
    write_bytes(folder / "rows", holed);
    const RowCounts counts = count_rows(folder / "rows", style.format, kGuesses);
    ASSERT_EQ(counts.rows, 1U);
    ASSERT_EQ(counts.rest, Rest::torn);
  }
}

TEST(RowReader, KnowsATornHeader) {
  const TemporaryFolder folder;
  const std::string header = rows_header({.format = RowFormat::csv});
  for (std::size_t cut = 0; cut < header.size(); ++cut) {
    write_bytes(folder / "rows", header.substr(0, cut));
    const RowCounts counts = count_rows(folder / "rows", RowFormat::csv);
    EXPECT_EQ(counts.rest, Rest::torn) << cut;
    EXPECT_EQ(counts.bytes, 0);
  }
  write_bytes(folder / "rows", "");
  EXPECT_EQ(count_rows(folder / "rows", RowFormat::jsonl).rest, Rest::none);
}

TEST(RowReader, RefusesWhatScoreDoesNotWrite) {
  const TemporaryFolder folder;
  const std::string csv = rows_header({.format = RowFormat::csv});
  const std::vector<std::pair<RowFormat, std::string>> files = {
      {RowFormat::jsonl, "text\n"},
      {RowFormat::jsonl, "\n"},
      {RowFormat::jsonl, "{\"path\": \"a\"}\n"},
      {RowFormat::jsonl, "{\"path\": \"a\", \"top\": []\n"},
      {RowFormat::csv, "path,rank\n"},
      {RowFormat::csv, "pa,"},
      {RowFormat::csv, csv + "a,1,frog\n"},
      {RowFormat::csv, csv + "a,2,frog,6,0.5,,,\n"},
      {RowFormat::csv, csv + "a,1,frog,6,0.5,,,\nb,2,frog,6,0.5,,,\n"},
      {RowFormat::csv, csv + "a,1,frog,6,0.5,,,\na,1,frog,6,0.5,,,\n"},
  };
  for (const auto& [format, bytes] : files) {
    write_bytes(folder / "rows", bytes);
    const RowCounts counts = count_rows(folder / "rows", format, kGuesses);
    EXPECT_EQ(counts.rest, Rest::foreign) << bytes;
    EXPECT_EQ(counts.rows, 0U) << bytes;
  }
}

// A file without any newline is not read to its end, which may be far.
TEST(RowReader, GivesUpOnARowWithoutEnd) {
  const TemporaryFolder folder;
  write_bytes(folder / "rows", std::string(std::size_t{65} << 20, 'x'));
  EXPECT_EQ(count_rows(folder / "rows", RowFormat::jsonl).rest, Rest::foreign);
  std::filesystem::resize_file(folder / "rows", 0);
  std::filesystem::resize_file(folder / "rows", std::uintmax_t{1} << 40);
  EXPECT_EQ(count_rows(folder / "rows", RowFormat::jsonl).rest, Rest::torn);
}

TEST(RowReader, WithoutAKnownNumberOfLinesARowGoesAsFarAsItsRanks) {
  const TemporaryFolder folder;
  const std::string csv = rows_header({.format = RowFormat::csv});
  write_bytes(folder / "rows", csv + "a,1,x,6,0.5,,,\na,2,x,6,0.5,,,\na,3,x,6,0.5,,,\n" +
                                   "a,1,x,6,0.5,,,\na,2,x,6,0.5,,,\nb,,,,,open,gone,\n");
  const RowCounts counts = count_rows(folder / "rows", RowFormat::csv);
  EXPECT_EQ(counts.rows, 3U);
  EXPECT_EQ(counts.lines_per_row, 3U);
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.rest, Rest::none);
}

}  // namespace
}  // namespace allconv
