// Text lists of paths, scored or, where the number of bytes is odd, evaluated by their labels.
#include "tests/fuzz/harness/data_sets.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

struct Set {
  MemoryFile list, image;
  ScratchFolder folder;

  Set() {
    image.write("P6 1 1 255\n\1\2\3");
    folder.link("images.txt", list);
    folder.link("a.ppm", image);
  }
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Set set;
  set.list.write(fuzz::text_of({data, size}));
  if (size % 2 == 0) {
    fuzz::check_data(set.folder / "images.txt", Split::all, OpenMode::score);
  } else {
    fuzz::check_data(set.folder / "images.txt", Split::test, OpenMode::evaluate);
  }
  return 0;
}
