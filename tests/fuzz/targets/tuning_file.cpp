// Tuning files: what is accepted is written and read again with the same text, and merged.
#include "engine/plan/tuning_file.hpp"

#include "tests/fuzz/harness/checks.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

void check_round_trip(const TuningFile& tuning) {
  static const ScratchFolder folder;
  tuning.write(folder / "first");
  const TuningFile again = TuningFile::read(folder / "first");
  again.write(folder / "second");
  require(again.is_like(tuning), "a tuning file keeps its device and versions");
  require(read_all(folder / "first") == read_all(folder / "second"),
          "a tuning file that was read and written has the same text when written again");
  tuning.write_merged(folder / "second", {});
  require(read_all(folder / "first") == read_all(folder / "second"),
          "a tuning file merged into itself stays as it is");
}

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::MemoryFile file;
  file.write(fuzz::text_of({data, size}));
  fuzz::accepted({ErrorKind::usage}, [] { fuzz::check_round_trip(TuningFile::read(file.path())); });
  return 0;
}
