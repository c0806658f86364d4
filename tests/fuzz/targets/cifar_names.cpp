// The file of class names beside CIFAR's files.
#include "engine/data/formats.hpp"
#include "tests/fuzz/harness/data_sets.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

struct Set {
  MemoryFile names, images;
  ScratchFolder folder;
  const Listing listing = {folder.path() + "/", {"batches.meta.txt", "test_batch.bin"}};

  Set() {
    constexpr std::size_t kRecordBytes = 1 + 3 * 32 * 32;
    images.write(std::string(kRecordBytes, '\1'));
    folder.link("batches.meta.txt", names);
    folder.link("test_batch.bin", images);
  }
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Set set;
  set.names.write(fuzz::text_of({data, size}));
  fuzz::check_data([] { return open_cifar(set.listing, Split::test); });
  return 0;
}
