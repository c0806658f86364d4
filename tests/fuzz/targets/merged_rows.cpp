// Two shards of results: merged, they hold all rows of both. Two bytes tell the length of the first
// shard; the rest is the second. JSON where the first begins with a brace, else CSV.
#include "engine/formats/merge_rows.hpp"
#include "engine/formats/row_reader.hpp"
#include "tests/fuzz/harness/checks.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

class Shards {
 public:
  Shards() {
    for (const auto& [name, file] : {std::pair("0", &first_), std::pair("1", &second_)}) {
      folder_.link(std::string(name) + ".jsonl", *file);
      folder_.link(std::string(name) + ".csv", *file);
    }
  }

  void write(std::string_view first, std::string_view second) {
    first_.write(first);
    second_.write(second);
  }

  void check_merging(RowFormat format) const {
    const std::string suffix = format == RowFormat::csv ? ".csv" : ".jsonl";
    const std::string out = folder_ / ("merged" + suffix);
    accepted({ErrorKind::usage, ErrorKind::io}, [&] {
      const MergedRows merged =
          merge_rows({folder_ / ("0" + suffix), folder_ / ("1" + suffix)}, out);
      const RowCounts counts = count_rows(out, format);
      require(counts.rest == RowReader::Rest::none, "merged files are whole");
      require(format == RowFormat::csv ||
                  (counts.rows == merged.rows && counts.failed == merged.failed),
              "merged files hold all rows");
    });
  }

 private:
  MemoryFile first_, second_;
  ScratchFolder folder_;
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Shards shards;
  if (size < 2) return 0;
  const auto [first, second] = fuzz::two_files_of({data, size});
  shards.write(first, second);
  const std::string_view begin = first.empty() ? second : first;
  shards.check_merging(begin.starts_with('{') ? RowFormat::jsonl : RowFormat::csv);
  return 0;
}
