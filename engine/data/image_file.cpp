#include "engine/data/image_file.hpp"

#include <algorithm>

#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestFile = std::int64_t{1} << 30;

}  // namespace

ReadResult read_image_file(const std::string& path, MemoryBudget& memory) {
  try {
    const InputFile file(path);
    // Of a larger file no more than the limit is read.
    const std::int64_t size = std::min(file.size(), kLargestFile);
    EncodedImage image{.bytes = {}, .memory = memory.take(static_cast<std::size_t>(size))};
    image.bytes = read_file(file, kLargestFile);
    return image;
  } catch (const Error& error) {
    return ImageError{ImageError::Stage::open, error.what()};
  }
}

}  // namespace allconv
