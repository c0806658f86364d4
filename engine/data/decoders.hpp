// The decoders behind decode_image(), one a format, and what they share. Each proceeds in one
// order: header, limits, are there bytes enough for what the header claims, memory, pixels. A small
// file that claims to be large so costs nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/data/decode.hpp"

namespace allconv {

// The caller has looked at the signature.
ImageResult decode_jpeg(std::span<const std::byte> file, const DecodeOptions& options);
ImageResult decode_png(std::span<const std::byte> file, const DecodeOptions& options);
ImageResult decode_webp(std::span<const std::byte> file, const DecodeOptions& options);
ImageResult decode_bmp(std::span<const std::byte> file, const DecodeOptions& options);
ImageResult decode_netpbm(std::span<const std::byte> file, const DecodeOptions& options);

inline ImageError decode_error(std::string message) {
  return {ImageError::Stage::decode, std::move(message)};
}

inline ImageError ends_early() { return decode_error("the data end early"); }

// The file as characters.
inline std::string_view text_of(std::span<const std::byte> file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

// Refuses an image without pixels or with more than the limit.
std::optional<ImageError> check_size(std::int64_t height, std::int64_t width,
                                     const DecodeOptions& options);

// An image of undefined pixels, after room was taken for them and for all else that the decoder is
// going to allocate, `working_bytes`, in one go: see MemoryBudget. Throws std::bad_alloc.
Image make_image(std::int64_t height, std::int64_t width, std::uint64_t working_bytes,
                 const DecodeOptions& options);

// (count, 4) RGBA to (count, 3) RGB over white, rounded.
void lay_over_white(const std::uint8_t* rgba, std::size_t count, std::uint8_t* rgb);

}  // namespace allconv
