// Tar archives of images, plain and packed by gzip, xz and zstd: scored as they are, or evaluated
// with the folders' names as classes: an even number of bytes decides.
#include "tests/fuzz/harness/data_sets.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

struct Set {
  MemoryFile archive;
  ScratchFolder folder;

  Set() { folder.link("set.tar", archive); }
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Set set;
  set.archive.write(fuzz::text_of({data, size}));
  if (size % 2 == 0) {
    fuzz::check_data(set.folder / "set.tar", Split::all, OpenMode::score);
  } else {
    fuzz::check_data(set.folder / "set.tar", Split::test, OpenMode::evaluate);
  }
  return 0;
}
