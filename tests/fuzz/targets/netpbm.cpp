// PPM and PGM files, binary and as text.
#include "tests/fuzz/harness/images.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  allconv::fuzz::check_image_file({data, size});
  return 0;
}
