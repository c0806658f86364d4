// PNG by libspng. The chunks and their checksums are walked here first, since a decoder may stop
// reading as soon as it has all pixels.
#include <spng.h>
#include <zlib.h>

#include <cstring>
#include <memory>

#include "engine/data/decoders.hpp"
#include "engine/data/exif.hpp"

namespace allconv {

namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkOverhead = 12;  // length, type, checksum
constexpr std::size_t kTextLimit = std::size_t{64} << 20;  // bytes of notes kept by the decoder

std::uint32_t big_endian(const std::byte* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

std::optional<ImageError> check_chunks(std::span<const std::byte> file) {
  for (std::size_t at = kSignatureBytes; at + kChunkOverhead <= file.size();) {
    const std::byte* chunk = file.data() + at;
    const std::size_t length = big_endian(chunk);
    if (length > file.size() - at - kChunkOverhead) break;
    const auto* body = reinterpret_cast<const Bytef*>(chunk + 4);
    if (crc32_z(0, body, length + 4) != big_endian(chunk + 8 + length)) {
      return decode_error("a chunk fails its checksum");
    }
    if (std::memcmp(body, "IEND", 4) == 0) return std::nullopt;
    at += kChunkOverhead + length;
  }
  return decode_error("the data end early");
}

struct FreeDecoder {
  void operator()(spng_ctx* decoder) const { spng_ctx_free(decoder); }
};
using Decoder = std::unique_ptr<spng_ctx, FreeDecoder>;

ImageError error_of(int code) { return decode_error(spng_strerror(code)); }

bool has_transparency(spng_ctx* decoder, const spng_ihdr& header) {
  spng_trns transparency;
  return header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
         header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ||
         spng_get_trns(decoder, &transparency) == 0;
}

std::uint8_t over_white(std::uint32_t value, std::uint32_t alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

// Decodes through (height, width, 4) pixels where there is transparency.
int decode_pixels(spng_ctx* decoder, bool transparent, Image& image) {
  if (!transparent) {
    return spng_decode_image(decoder, image.pixels.data(), image.pixels.size(), SPNG_FMT_RGB8, 0);
  }
  const std::size_t count = image.pixels.size() / 3;
  kernels::Buffer<std::uint8_t> rgba(4 * count);
  const int code = spng_decode_image(decoder, rgba.data(), rgba.size(), SPNG_FMT_RGBA8,
                                     SPNG_DECODE_TRNS);
  if (code != 0) return code;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      image.pixels[3 * i + c] = over_white(rgba[4 * i + c], rgba[4 * i + 3]);
    }
  }
  return 0;
}

int orientation_of(spng_ctx* decoder) {
  spng_exif exif;
  if (spng_get_exif(decoder, &exif) != 0) return 1;
  return exif_orientation({reinterpret_cast<const std::byte*>(exif.data), exif.length});
}

}  // namespace

ImageResult decode_png(std::span<const std::byte> file, const DecodeLimits& limits) {
  if (auto damage = check_chunks(file)) return *std::move(damage);
  const Decoder decoder(spng_ctx_new(0));
  if (decoder == nullptr) return decode_error("not enough memory");
  // Checksums are checked above; a second look would cost time only.
  int code = spng_set_crc_action(decoder.get(), SPNG_CRC_USE, SPNG_CRC_USE);
  if (code == 0) code = spng_set_chunk_limits(decoder.get(), kTextLimit, kTextLimit);
  if (code == 0) code = spng_set_png_buffer(decoder.get(), file.data(), file.size());
  spng_ihdr header;
  if (code == 0) code = spng_get_ihdr(decoder.get(), &header);
  if (code != 0) return error_of(code);
  if (auto refusal = check_size(header.height, header.width, limits)) return *std::move(refusal);

  Image image = Image::of_size(static_cast<int>(header.height), static_cast<int>(header.width));
  code = decode_pixels(decoder.get(), has_transparency(decoder.get(), header), image);
  if (code == 0) code = spng_decode_chunks(decoder.get());
  if (code != 0) return error_of(code);
  return turned_upright(std::move(image), orientation_of(decoder.get()));
}

}  // namespace allconv
