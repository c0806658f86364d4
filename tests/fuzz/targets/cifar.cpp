// The binary files of CIFAR-10 and of CIFAR-100; the same bytes are tried as either.
#include "engine/data/formats.hpp"
#include "tests/fuzz/harness/data_sets.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

struct Sets {
  MemoryFile file;
  ScratchFolder folder;
  const Listing ten = {folder.path() + "/", {"test_batch.bin"}};
  const Listing hundred = {folder.path() + "/", {"train.bin"}};

  Sets() {
    folder.link("test_batch.bin", file);
    folder.link("train.bin", file);
  }
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Sets sets;
  sets.file.write(fuzz::text_of({data, size}));
  fuzz::check_data([] { return open_cifar(sets.ten, Split::test); });
  fuzz::check_data([] { return open_cifar(sets.hundred, Split::train); });
  return 0;
}
