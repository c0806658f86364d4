// Files of rows that `score` is to go on with, as JSON and as CSV: what is read as whole rows is
// read as the same rows when what follows them is cut off.
#include "engine/formats/row_reader.hpp"

#include "tests/fuzz/harness/checks.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

void check_rows(MemoryFile& file, std::string_view content, RowFormat format) {
  file.write(content);
  RowReader reader(file.path(), format);
  std::string rows;
  while (const auto row = reader.next()) {
    if (rows.empty()) rows = reader.header();
    require(row->lines >= 1, "a row has lines");
    rows += row->bytes;
  }
  const auto bytes = static_cast<std::size_t>(reader.whole_bytes());
  require(bytes <= content.size(), "rows lie within the file");
  if (!rows.empty()) require(content.substr(0, bytes) == rows, "rows are handed out as they stand");
  const bool whole = reader.rest() == RowReader::Rest::none;
  require(whole ? bytes == content.size() : bytes < content.size() || bytes == 0,
          "what follows the rows is told");

  const RowCounts counts = count_rows(file.path(), format);
  file.write(content.substr(0, bytes));
  const RowCounts again = count_rows(file.path(), format);
  require(again.rows == counts.rows && again.failed == counts.failed && again.bytes == counts.bytes,
          "the rows stay when the rest is cut off");
  require(again.rest == RowReader::Rest::none || bytes == 0, "nothing follows then");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::MemoryFile file;
  const std::string_view content = fuzz::text_of({data, size});
  const bool json = content.starts_with('{');
  fuzz::check_rows(file, content, json ? RowFormat::jsonl : RowFormat::csv);
  return 0;
}
