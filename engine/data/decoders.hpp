// The decoders behind decode_image(), one a format. The caller has looked at the signature.
#pragma once

#include <optional>

#include "engine/data/decode.hpp"

namespace allconv {

ImageResult decode_jpeg(std::span<const std::byte> file, const DecodeOptions& options);
ImageResult decode_png(std::span<const std::byte> file, const DecodeOptions& options);

inline ImageError decode_error(std::string message) {
  return {ImageError::Stage::decode, std::move(message)};
}

// Refuses an image with more pixels than the limit.
std::optional<ImageError> check_size(std::int64_t height, std::int64_t width,
                                     const DecodeOptions& options);

}  // namespace allconv
