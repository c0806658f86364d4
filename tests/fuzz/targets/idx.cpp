// IDX files. Two bytes tell the length of the file of labels, which follows; the rest is the file
// of images.
#include "engine/data/formats.hpp"
#include "tests/fuzz/harness/data_sets.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

struct Set {
  MemoryFile images, labels;
  ScratchFolder folder;
  const Listing listing = {folder.path() + "/",
                           {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}};

  Set() {
    folder.link("t10k-images-idx3-ubyte", images);
    folder.link("t10k-labels-idx1-ubyte", labels);
  }
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Set set;
  if (size < 2) return 0;
  const auto [labels, images] = fuzz::two_files_of({data, size});
  set.labels.write(labels);
  set.images.write(images);
  fuzz::check_data([] { return open_idx(set.listing, Split::test, OpenMode::evaluate); });
  return 0;
}
