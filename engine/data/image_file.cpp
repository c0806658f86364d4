#include "engine/data/image_file.hpp"

#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestFile = std::int64_t{1} << 30;

}  // namespace

std::variant<std::string, ImageError> read_image_file(const std::string& path) {
  try {
    return read_file(path, kLargestFile);
  } catch (const Error& error) {
    return ImageError{ImageError::Stage::open, error.what()};
  }
}

}  // namespace allconv
