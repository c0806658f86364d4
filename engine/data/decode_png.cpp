// PNG by libspng. Checksums are verified here, since a decoder may stop reading as soon as it has
// all pixels.
#include <spng.h>
#include <zlib.h>

#include <memory>
#include <string_view>

#include "engine/data/byte_order.hpp"
#include "engine/data/decoders.hpp"
#include "engine/data/exif.hpp"

namespace allconv {

namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkOverhead = 12;                 // length, type, checksum
constexpr std::size_t kTextLimit = std::size_t{64} << 20;  // bytes of notes kept by the decoder

struct Chunk {
  std::string_view type;
  std::span<const std::byte> body;
  std::span<const std::byte> after;  // the body, at least the checksum
};

// Calls visit(chunk) -> error or nullopt for each chunk to the end mark, which must be there.
template <class Visit>
std::optional<ImageError> walk_chunks(std::span<const std::byte> file, Visit&& visit) {
  for (std::size_t at = kSignatureBytes; at + kChunkOverhead <= file.size();) {
    const std::size_t length = big_endian(file, at, 4);
    if (length > file.size() - at - kChunkOverhead) break;
    const Chunk chunk{{reinterpret_cast<const char*>(file.data() + at + 4), 4},
                      file.subspan(at + 8, length),
                      file.subspan(at + 8 + length)};
    if (auto error = visit(chunk)) return error;
    if (chunk.type == "IEND") return std::nullopt;
    at += kChunkOverhead + length;
  }
  return decode_error("the data end early");
}

std::optional<ImageError> check_chunk_sums(std::span<const std::byte> file) {
  return walk_chunks(file, [](const Chunk& chunk) -> std::optional<ImageError> {
    const auto* type = reinterpret_cast<const Bytef*>(chunk.type.data());
    if (crc32_z(0, type, chunk.body.size() + 4) == big_endian(chunk.after, 0, 4)) {
      return std::nullopt;
    }
    return decode_error("a chunk fails its checksum");
  });
}

// The compressed stream's own checksum lies behind the last pixel, where libspng no longer looks;
// so the stream is inflated once more, into nowhere. `limit` bounds the bytes that it may hold.
class StreamCheck {
 public:
  explicit StreamCheck(std::uint64_t limit) : limit_(limit), code_(inflateInit(&stream_)) {}
  ~StreamCheck() { inflateEnd(&stream_); }
  StreamCheck(const StreamCheck&) = delete;
  StreamCheck& operator=(const StreamCheck&) = delete;

  void add(std::span<const std::byte> data) {
    // zlib does not write through next_in, which is not const for historical reasons.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
    stream_.avail_in = static_cast<uInt>(data.size());  // a chunk is below 2^31 bytes
    bool more = true;  // input left, or output held back for lack of room
    while (code_ == Z_OK && more && stream_.total_out <= limit_) {
      stream_.next_out = discarded_;
      stream_.avail_out = sizeof discarded_;
      code_ = ::inflate(&stream_, Z_NO_FLUSH);
      if (code_ == Z_BUF_ERROR) code_ = Z_OK;  // all that there was is used up
      more = stream_.avail_in > 0 || stream_.avail_out == 0;
    }
  }

  bool complete() const { return code_ == Z_STREAM_END; }

 private:
  z_stream stream_ = {};
  std::uint64_t limit_;
  int code_;
  Bytef discarded_[1 << 15];
};

std::optional<ImageError> check_stream(std::span<const std::byte> file, std::uint64_t limit) {
  const auto check = std::make_unique<StreamCheck>(limit);
  auto error = walk_chunks(file, [&](const Chunk& chunk) -> std::optional<ImageError> {
    if (chunk.type == "IDAT") check->add(chunk.body);
    return std::nullopt;
  });
  if (!error && !check->complete()) error = decode_error("the pixels fail their checksum");
  return error;
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

// Decodes through (height, width, 4) pixels where there is transparency.
int decode_pixels(spng_ctx* decoder, bool transparent, Image& image) {
  if (!transparent) {
    return spng_decode_image(decoder, image.pixels.data(), image.pixels.size(), SPNG_FMT_RGB8, 0);
  }
  const std::size_t count = image.pixels.size() / 3;
  kernels::Buffer<std::uint8_t> rgba(4 * count);
  const int code =
      spng_decode_image(decoder, rgba.data(), rgba.size(), SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
  if (code != 0) return code;
  lay_over_white(rgba.data(), count, image.pixels.data());
  return 0;
}

int orientation_of(spng_ctx* decoder) {
  spng_exif exif;
  if (spng_get_exif(decoder, &exif) != 0) return 1;
  return exif_orientation({reinterpret_cast<const std::byte*>(exif.data), exif.length});
}

}  // namespace

ImageResult decode_png(std::span<const std::byte> file, const DecodeOptions& options) {
  if (auto damage = check_chunk_sums(file)) return *std::move(damage);
  const Decoder decoder(spng_ctx_new(0));
  if (decoder == nullptr) return decode_error("not enough memory");
  // Checksums are checked above; a second look would cost time only.
  int code = spng_set_crc_action(decoder.get(), SPNG_CRC_USE, SPNG_CRC_USE);
  if (code == 0) code = spng_set_chunk_limits(decoder.get(), kTextLimit, kTextLimit);
  if (code == 0) code = spng_set_png_buffer(decoder.get(), file.data(), file.size());
  spng_ihdr header;
  if (code == 0) code = spng_get_ihdr(decoder.get(), &header);
  if (code != 0) return error_of(code);
  if (auto refusal = check_size(header.height, header.width, options)) return *std::move(refusal);

  Image image = Image::of_size(static_cast<int>(header.height), static_cast<int>(header.width));
  code = decode_pixels(decoder.get(), has_transparency(decoder.get(), header), image);
  if (code == 0) code = spng_decode_chunks(decoder.get());
  if (code != 0) return error_of(code);
  // At most 8 bytes a pixel and, over all passes of an interlaced image, 2 filter bytes a row.
  const std::uint64_t stream_bytes = (std::uint64_t{header.width} * 8 + 16) * header.height + 64;
  if (auto damage = check_stream(file, stream_bytes)) return *std::move(damage);
  return turned_upright(std::move(image), orientation_of(decoder.get()));
}

}  // namespace allconv
