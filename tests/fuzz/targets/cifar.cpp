// The binary files of CIFAR-10 and of CIFAR-100; the same bytes are tried as either.
#include "tests/fuzz/harness/data_sets.hpp"
#include "tests/fuzz/harness/files.hpp"

namespace allconv::fuzz {

namespace {

struct Sets {
  MemoryFile file;
  ScratchFolder ten, hundred;

  Sets() {
    ten.link("test_batch.bin", file);
    hundred.link("train.bin", file);
  }
};

}  // namespace

}  // namespace allconv::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  static fuzz::Sets sets;
  sets.file.write(fuzz::text_of({data, size}));
  fuzz::check_data(sets.ten.path(), Split::test, OpenMode::evaluate);
  fuzz::check_data(sets.hundred.path(), Split::train, OpenMode::score);
  return 0;
}
