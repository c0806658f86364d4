#include "engine/formats/row_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace allconv {

namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;       // bytes read at once
constexpr std::size_t kLongestRow = std::size_t{64} << 20;  // bytes; no network has longer ones

// Takes `prefix` off the front of `text`, if it stands there.
bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Takes the rest of a JSON string and its closing quote off the front.
bool skip_string(std::string_view& text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return true;
    }
  }
  return false;
}

// Whether a line of JSON rows is an error; nullopt: it is no row of `score`.
std::optional<bool> json_failure(std::string_view line) {
  if (!line.ends_with("}\n")) return std::nullopt;
  if (!skip(line, R"({"path": ")") || !skip_string(line)) return std::nullopt;
  if (skip(line, R"(, "path_base64": ")") && !skip_string(line)) return std::nullopt;
  if (line.starts_with(R"(, "top": [)")) return false;
  if (line.starts_with(R"(, "error": {)")) return true;
  return std::nullopt;
}

struct CsvLine {
  std::string_view path;  // as it stands, quotes included
  std::string_view rank;
  std::size_t columns = 0;
};

CsvLine split_csv_line(std::string_view line) {
  line.remove_suffix(1);  // the newline
  CsvLine parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= line.size(); ++at) {
    if (at < line.size() && line[at] == '"') quoted = !quoted;
    if (at < line.size() && (quoted || line[at] != ',')) continue;
    if (parts.columns == 0) parts.path = line.substr(begin, at - begin);
    if (parts.columns == 1) parts.rank = line.substr(begin, at - begin);
    ++parts.columns;
    begin = at + 1;
  }
  return parts;
}

}  // namespace

RowReader::RowReader(const std::string& path, RowFormat format, std::size_t lines_per_row)
    : file_(path), format_(format), lines_per_row_(lines_per_row) {
  if (format_ == RowFormat::csv) read_header();
}

void RowReader::read_header() {
  const std::array<std::string, 2> known = {
      rows_header({.format = RowFormat::csv}),
      rows_header({.format = RowFormat::csv, .decode = "fast"})};
  const std::size_t length = line_length(0);
  const std::string_view line = text(0, length == 0 ? buffer_.size() : length);
  if (length == 0 && rest_ != Rest::foreign) {
    // NUL bytes may stand where the disk has lost the line.
    const std::string_view begun = line.substr(0, line.find('\0'));
    rest_ = known[1].starts_with(begun) ? Rest::torn : Rest::foreign;
    return;
  }
  if (std::find(known.begin(), known.end(), line) == known.end()) {
    rest_ = Rest::foreign;
    return;
  }
  header_ = line;
  columns_ = 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
  begin_ = length;
  whole_bytes_ = static_cast<std::int64_t>(length);
}

std::string_view RowReader::text(std::size_t begin, std::size_t length) const {
  return std::string_view(buffer_).substr(begin_ + begin, length);
}

// Forgets the rows handed out. False at the end of the file.
bool RowReader::read_more() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kChunk);
  const std::size_t count =
      file_.read_some_at(read_bytes_, std::as_writable_bytes(std::span(buffer_).subspan(kept)));
  buffer_.resize(kept + count);
  read_bytes_ += static_cast<std::int64_t>(count);
  return count > 0;
}

// Of the line that begins at `begin` after the last row, with its newline. 0: there is no whole
// one, and rest_ says what there is. In CSV a quoted newline ends no line.
std::size_t RowReader::line_length(std::size_t begin) {
  bool quoted = false;
  for (std::size_t at = begin; at < kLongestRow; ++at) {
    if (begin_ + at == buffer_.size() && !read_more()) {
      rest_ = at == 0 ? Rest::none : Rest::torn;
      return 0;
    }
    const char letter = buffer_[begin_ + at];
    if (letter == '\0') {  // rows hold none
      rest_ = Rest::torn;
      return 0;
    }
    if (letter == '"' && format_ == RowFormat::csv) quoted = !quoted;
    if (letter == '\n' && !quoted) return at + 1 - begin;
  }
  rest_ = Rest::foreign;
  return 0;
}

std::optional<RowReader::Row> RowReader::next() {
  if (rest_ != Rest::none || (format_ == RowFormat::csv && header_.empty())) return std::nullopt;
  const std::optional<Row> row = format_ == RowFormat::jsonl ? json_row() : csv_row();
  if (!row) return std::nullopt;
  begin_ += row->bytes.size();
  whole_bytes_ += static_cast<std::int64_t>(row->bytes.size());
  return row;
}

std::optional<RowReader::Row> RowReader::json_row() {
  const std::size_t length = line_length(0);
  if (length == 0) return std::nullopt;
  const std::string_view line = text(0, length);
  const std::optional<bool> failed = json_failure(line);
  if (!failed) {
    rest_ = Rest::foreign;
    return std::nullopt;
  }
  return Row{.bytes = line, .failed = *failed};
}

std::optional<RowReader::Row> RowReader::csv_row() {
  std::size_t length = line_length(0);  // of the row's lines so far
  if (length == 0) return std::nullopt;
  const CsvLine first = split_csv_line(text(0, length));
  const bool failed = first.rank.empty();
  if (first.columns != columns_ || (!failed && first.rank != "1")) {
    rest_ = Rest::foreign;
    return std::nullopt;
  }
  const std::string path(first.path);  // the buffer moves
  std::size_t lines = 1;
  while (!failed && lines != lines_per_row_) {
    const std::size_t more = line_length(length);
    const CsvLine line = more == 0 ? CsvLine{} : split_csv_line(text(length, more));
    if (line.columns == columns_ && line.path == path && line.rank == std::to_string(lines + 1)) {
      length += more;
      ++lines;
      continue;
    }
    if (lines_per_row_ != 0) {
      if (more != 0) rest_ = Rest::foreign;
      return std::nullopt;
    }
    rest_ = Rest::none;  // the row was whole; what follows it is for the next call
    break;
  }
  return Row{.bytes = text(0, length), .failed = failed, .lines = lines};
}

RowCounts count_rows(const std::string& path, RowFormat format, std::size_t lines_per_row) {
  RowReader reader(path, format, lines_per_row);
  RowCounts counts;
  while (const auto row = reader.next()) {
    ++counts.rows;
    counts.failed += row->failed;
    counts.lines_per_row = std::max(counts.lines_per_row, row->lines);
  }
  counts.bytes = reader.whole_bytes();
  counts.rest = reader.rest();
  counts.header = reader.header();
  return counts;
}

}  // namespace allconv
