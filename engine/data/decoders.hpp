// The decoders behind decode_image(), one a format. The caller has looked at the signature.
#pragma once

#include <optional>

#include "engine/data/decode.hpp"

namespace allconv {

ImageResult decode_jpeg(std::span<const std::byte> file, const DecodeLimits& limits);
ImageResult decode_png(std::span<const std::byte> file, const DecodeLimits& limits);

inline ImageError decode_error(std::string message) {
  return {ImageError::Stage::decode, std::move(message)};
}

// Refuses an image with more pixels than the limit.
std::optional<ImageError> check_size(std::int64_t height, std::int64_t width,
                                     const DecodeLimits& limits);

}  // namespace allconv
