// A compressed IDX file of images.
#include "engine/data/formats.hpp"
#include "tests/fuzz/harness/data_sets.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

struct Set {
  MemoryFile images;
  ScratchFolder folder;
  const Listing listing = {folder.path() + "/", {"train-images-idx3-ubyte.gz"}};

  Set() { folder.link("train-images-idx3-ubyte.gz", images); }
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Set set;
  set.images.write(fuzz::text_of({data, size}));
  fuzz::check_data([] { return open_idx(set.listing, Split::all, OpenMode::score); });
  return 0;
}
