// WebP by libwebp. Of an animation the first frame counts, on its canvas, as Pillow shows it.
#include <webp/decode.h>

#include <cstring>

#include "engine/data/byte_order.hpp"
#include "engine/data/decoders.hpp"
#include "engine/data/exif.hpp"

namespace allconv {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kFileHeader = 12;   // RIFF, size, WEBP
constexpr std::size_t kChunkHeader = 8;   // type, size
constexpr std::size_t kFrameHeader = 16;  // of an animation's frame

// What is to be decoded and where it lies on the canvas.
struct Picture {
  Bytes data;  // all that libwebp needs to see
  std::int64_t canvas_height = 0, canvas_width = 0;
  std::int64_t top = 0, left = 0;
  int orientation = 1;
  WebPBitstreamFeatures features = {};

  bool fills_canvas() const {
    return features.height == canvas_height && features.width == canvas_width;
  }
};

// Numbers of 24 bits that are kept less one, or halved.
std::int64_t number24(Bytes body, std::size_t at) { return little_endian(body, at, 3); }

// The first frame of an animation: the chunk ANMF.
std::optional<ImageError> choose_frame(Bytes body, Picture& picture) {
  if (body.size() < kFrameHeader) return ends_early();
  picture.left = 2 * number24(body, 0);
  picture.top = 2 * number24(body, 3);
  picture.data = body.subspan(kFrameHeader);
  return std::nullopt;
}

// Walks the chunks of the container (https://developers.google.com/speed/webp/docs/riff_container),
// whose sizes must all be right.
std::optional<ImageError> walk_chunks(Bytes file, Picture& picture) {
  if (file.size() < kFileHeader) return ends_early();
  const std::size_t size = std::size_t{8} + little_endian(file, 4, 4);
  if (size > file.size()) return ends_early();
  picture.data = file.first(size);
  bool has_frame = false;
  for (std::size_t at = kFileHeader; at + kChunkHeader <= size;) {
    const std::string_view type = text_of(file.subspan(at, 4));
    const std::size_t length = little_endian(file, at + 4, 4);
    at += kChunkHeader;
    if (length > size - at) return ends_early();
    const Bytes body = file.subspan(at, length);
    if (type == "VP8X" && length >= 10) {
      picture.canvas_width = 1 + number24(body, 4);
      picture.canvas_height = 1 + number24(body, 7);
    }
    if (type == "EXIF") picture.orientation = exif_orientation(tiff_block(body));
    if (type == "ANMF" && !std::exchange(has_frame, true)) {
      if (auto damage = choose_frame(body, picture)) return damage;
    }
    at += length + length % 2;
  }
  return std::nullopt;
}

ImageError error_of(VP8StatusCode code) {
  switch (code) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return ends_early();
    case VP8_STATUS_OUT_OF_MEMORY: return decode_error("no memory");
    default: return decode_error("the WebP data are damaged");
  }
}

std::optional<ImageError> read_features(Picture& picture) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(picture.data.data());
  const VP8StatusCode code = WebPGetFeatures(data, picture.data.size(), &picture.features);
  if (code != VP8_STATUS_OK) return error_of(code);
  if (picture.features.has_animation != 0) return decode_error("the animation has no frames");
  if (picture.canvas_width == 0) {  // a file of one chunk
    picture.canvas_width = picture.features.width;
    picture.canvas_height = picture.features.height;
  }
  const bool inside = picture.left + picture.features.width <= picture.canvas_width &&
                      picture.top + picture.features.height <= picture.canvas_height;
  return inside ? std::nullopt : std::optional(decode_error("the picture leaves its canvas"));
}

// Lossy data spend at least one bit on each macroblock of 16 x 16 pixels: its modes for luma and
// chroma are coded with fixed probabilities (RFC 6386, section 11.2: 0.8 and 0.8 bits at least).
// A lossless picture of one colour takes a few bytes whatever its size.
bool is_plausible(const Picture& picture) {
  constexpr std::uint64_t kPixelsPerByte = std::uint64_t{8} * 16 * 16;
  constexpr int kLossy = 1;
  const WebPBitstreamFeatures& features = picture.features;
  const auto pixels =
      static_cast<std::uint64_t>(features.height) * static_cast<std::uint64_t>(features.width);
  return features.format != kLossy || pixels / kPixelsPerByte <= picture.data.size();
}

// What libwebp allocates at most, beside `channels` bytes of output a pixel: four bytes a pixel for
// lossless data, or two planes of alpha, and some rows.
std::uint64_t working_bytes(const WebPBitstreamFeatures& features, std::uint64_t channels) {
  constexpr std::uint64_t kRows = 256, kTables = std::uint64_t{1} << 18;
  const auto width = static_cast<std::uint64_t>(features.width);
  return (static_cast<std::uint64_t>(features.height) * (4 + channels) + kRows) * width + kTables;
}

VP8StatusCode decode_into(const Picture& picture, WEBP_CSP_MODE form, std::uint8_t* dst) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) return VP8_STATUS_INVALID_PARAM;
  const int row_bytes = picture.features.width * (form == MODE_RGB ? 3 : 4);
  config.output.colorspace = form;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {.rgba = dst,
                          .stride = row_bytes,
                          .size = static_cast<std::size_t>(row_bytes) *
                                  static_cast<std::size_t>(picture.features.height)};
  return WebPDecode(reinterpret_cast<const std::uint8_t*>(picture.data.data()), picture.data.size(),
                    &config);
}

// Decodes through (height, width, 4) pixels and lays them on a white canvas.
VP8StatusCode decode_over_white(const Picture& picture, Image& image) {
  const auto height = static_cast<std::size_t>(picture.features.height);
  const auto width = static_cast<std::size_t>(picture.features.width);
  kernels::Buffer<std::uint8_t> rgba(4 * height * width);
  const VP8StatusCode code = decode_into(picture, MODE_RGBA, rgba.data());
  if (code != VP8_STATUS_OK) return code;
  if (!picture.fills_canvas()) std::memset(image.pixels.data(), 0xFF, image.pixels.size());
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t row = static_cast<std::size_t>(picture.top) + y;
    const std::size_t pixel =
        row * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(picture.left);
    lay_over_white(rgba.data() + 4 * y * width, width, image.pixels.data() + 3 * pixel);
  }
  return code;
}

}  // namespace

ImageResult decode_webp(Bytes file, const DecodeOptions& options) {
  Picture picture;
  if (auto damage = walk_chunks(file, picture)) return *std::move(damage);
  if (auto damage = read_features(picture)) return *std::move(damage);
  if (auto refusal = check_size(picture.canvas_height, picture.canvas_width, options)) {
    return *std::move(refusal);
  }
  if (!is_plausible(picture)) return ends_early();
  const bool direct = picture.features.has_alpha == 0 && picture.fills_canvas();
  const std::uint64_t turned =
      turned_bytes(picture.orientation, picture.canvas_height, picture.canvas_width);
  Image image = make_image(picture.canvas_height, picture.canvas_width,
                           turned + working_bytes(picture.features, direct ? 0 : 4), options);
  const VP8StatusCode code = direct ? decode_into(picture, MODE_RGB, image.pixels.data())
                                    : decode_over_white(picture, image);
  if (code != VP8_STATUS_OK) return error_of(code);
  return turned_upright(std::move(image), picture.orientation);
}

}  // namespace allconv
