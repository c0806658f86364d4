#include "engine/data/load.hpp"

#include <exception>

namespace allconv {

DecodeOptions decode_options(const LoadOptions& options, MemoryBudget* memory) {
  constexpr int kEnough = 2;  // times the target: the resize still averages over all that is kept
  const bool fast = options.mode == DecodeMode::fast;
  return {.pixel_limit = options.pixel_limit,
          .enough_rows = fast ? kEnough * options.target.height : 0,
          .enough_columns = fast ? kEnough * options.target.width : 0,
          .memory = memory};
}

std::optional<ImageError> decode_resized(const DataSet& data, std::size_t index, ReadResult read,
                                         const LoadOptions& options, MemoryBudget* memory,
                                         std::span<std::uint8_t> dst) noexcept {
  try {
    if (auto* error = std::get_if<ImageError>(&read)) return std::move(*error);
    const auto& encoded = std::get<EncodedImage>(read);
    ImageResult result = data.decode(index, encoded, decode_options(options, memory));
    if (auto* error = std::get_if<ImageError>(&result)) return std::move(*error);
    resize_image(std::get<Image>(result), options.target, dst);
    return std::nullopt;
  } catch (const std::exception&) {  // bad_alloc, or length_error before that
    return ImageError{ImageError::Stage::decode, "no memory"};  // short: needs none itself
  }
}

}  // namespace allconv
