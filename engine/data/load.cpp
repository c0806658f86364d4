#include "engine/data/load.hpp"

#include <exception>
#include <new>

namespace allconv {

std::optional<ImageError> load_resized(const DataSet& data, std::size_t index,
                                       const ImageTarget& target,
                                       std::span<std::uint8_t> dst) noexcept {
  try {
    ImageResult result = data.load(index);
    if (auto* error = std::get_if<ImageError>(&result)) return std::move(*error);
    resize_image(std::get<Image>(result), target, dst);
    return std::nullopt;
  } catch (const std::bad_alloc&) {
    return ImageError{ImageError::Stage::decode, "no memory"};  // short: needs none itself
  } catch (const std::exception& error) {
    return ImageError{ImageError::Stage::decode, error.what()};
  }
}

}  // namespace allconv
