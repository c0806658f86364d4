// PNG by libpng, in one pass: it verifies every chunk's checksum and, reading on to the end, that
// of the compressed stream.
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <png.h>

#include "engine/data/byte_order.hpp"
#include "engine/data/decoders.hpp"
#include "engine/data/exif.hpp"

namespace allconv {

namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkOverhead = 12;  // length, type, checksum

// The library reports errors by a callback that must not return, so each stretch of calls runs
// under a setjmp. Nothing with a destructor may live in the frames that a jump crosses.
struct Session {
  explicit Session(std::span<const std::byte> file);
  ~Session() { png_destroy_read_struct(&decoder, &info, nullptr); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::span<const std::byte> rest;  // of the file
  std::jmp_buf on_error = {};
  char message[128] = "no memory";
  png_structp decoder = nullptr;
  png_infop info = nullptr;
};

[[noreturn]] void leave(png_structp decoder, png_const_charp message) {
  Session& session = *static_cast<Session*>(png_get_error_ptr(decoder));
  std::snprintf(session.message, sizeof session.message, "%s", message);
  std::longjmp(session.on_error, 1);
}

// Of what the library would pass over, damage to the pixels' stream counts, such as a wrong
// checksum. Bytes behind a whole stream do no harm.
void judge_warning(png_structp decoder, png_const_charp message) {
  const std::string_view text(message);
  if (text.starts_with("IDAT") && text != "IDAT: Extra compressed data") leave(decoder, message);
}

void read_bytes(png_structp decoder, png_bytep dst, std::size_t bytes) {
  auto& rest = static_cast<Session*>(png_get_io_ptr(decoder))->rest;
  if (bytes > rest.size()) leave(decoder, "the data end early");
  std::memcpy(dst, rest.data(), bytes);
  rest = rest.subspan(bytes);
}

Session::Session(std::span<const std::byte> file)
    : rest(file),
      decoder(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, leave, judge_warning)),
      info(decoder != nullptr ? png_create_info_struct(decoder) : nullptr) {}

// Runs `step`; false when the library reported an error, told in session.message.
template <class Step>
bool guarded(Session& session, Step step) {
  if (setjmp(session.on_error) != 0) return false;
  step(session.decoder, session.info);
  return true;
}

bool read_header(Session& session) {
  return guarded(session, [&](png_structp decoder, png_infop info) {
    png_set_read_fn(decoder, &session, read_bytes);
    png_set_user_limits(decoder, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // see check_size()
    png_set_crc_action(decoder, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // Notes, profiles and the like are only passed over: many are compressed.
    png_set_keep_unknown_chunks(decoder, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(decoder, info);
  });
}

bool has_transparency(const Session& session) {
  return (png_get_color_type(session.decoder, session.info) & PNG_COLOR_MASK_ALPHA) != 0 ||
         png_get_valid(session.decoder, session.info, PNG_INFO_tRNS) != 0;
}

// Whether the file may hold all pixels: deflate makes at most 1032 bytes of one
// (https://zlib.net/zlib_tech.html).
bool is_plausible(const Session& session, std::size_t file_bytes) {
  constexpr std::uint64_t kExpansion = 1032;
  const std::uint64_t pixel_bits = std::uint64_t{png_get_bit_depth(session.decoder, session.info)} *
                                   png_get_channels(session.decoder, session.info);
  const std::uint64_t pixels = std::uint64_t{png_get_image_width(session.decoder, session.info)} *
                               png_get_image_height(session.decoder, session.info);
  return pixels * pixel_bits / 8 / kExpansion <= file_bytes;
}

// The orientation, from the chunk eXIf, which may stand behind the pixels. The library verifies the
// chunks.
int find_orientation(std::span<const std::byte> file) {
  for (std::size_t at = kSignatureBytes; at + kChunkOverhead <= file.size();) {
    const std::size_t length = big_endian(file, at, 4);
    if (length > file.size() - at - kChunkOverhead) break;
    if (text_of(file.subspan(at + 4, 4)) == "eXIf") {
      return exif_orientation(tiff_block(file.subspan(at + 8, length)));
    }
    at += kChunkOverhead + length;
  }
  return 1;
}

// Room for RGBA on its way to RGB: a row, or all where the passes of an interlaced image fill them
// bit by bit.
std::size_t transparent_bytes(const Session& session) {
  if (!has_transparency(session)) return 0;
  const bool interlaced =
      png_get_interlace_type(session.decoder, session.info) != PNG_INTERLACE_NONE;
  return std::size_t{4} * png_get_image_width(session.decoder, session.info) *
         (interlaced ? png_get_image_height(session.decoder, session.info) : 1);
}

// `rgba`: transparent_bytes() of room, or null.
bool read_pixels(Session& session, std::uint8_t* rgba, std::uint8_t* pixels) {
  return guarded(session, [=](png_structp decoder, png_infop info) {
    png_set_expand(decoder);
    png_set_strip_16(decoder);
    png_set_gray_to_rgb(decoder);
    const int passes = png_set_interlace_handling(decoder);
    png_read_update_info(decoder, info);
    const std::size_t width = png_get_image_width(decoder, info);
    const std::size_t height = png_get_image_height(decoder, info);
    const std::size_t step = passes > 1 ? 4 * width : 0;  // one row serves all without interlace
    for (int pass = 0; pass < passes; ++pass) {
      for (std::size_t y = 0; y < height; ++y) {
        std::uint8_t* const rgb = pixels + 3 * width * y;
        std::uint8_t* const row = rgba != nullptr ? rgba + step * y : rgb;
        png_read_row(decoder, row, nullptr);
        if (rgba != nullptr && pass == passes - 1) lay_over_white(row, width, rgb);
      }
    }
    png_read_end(decoder, nullptr);
  });
}

}  // namespace

ImageResult decode_png(std::span<const std::byte> file, const DecodeOptions& options) {
  Session session(file);
  if (session.info == nullptr || !read_header(session)) return decode_error(session.message);
  const std::int64_t height = png_get_image_height(session.decoder, session.info);
  const std::int64_t width = png_get_image_width(session.decoder, session.info);
  if (auto refusal = check_size(height, width, options)) return *std::move(refusal);
  if (!is_plausible(session, file.size())) return ends_early();

  constexpr std::uint64_t kRows = 32;                          // bytes a column
  constexpr std::uint64_t kInflate = std::uint64_t{64} << 10;  // zlib's window and tables
  const int orientation = find_orientation(file);
  const std::size_t rgba_bytes = transparent_bytes(session);
  Image image = make_image(height, width,
                           rgba_bytes + turned_bytes(orientation, height, width) +
                               kRows * static_cast<std::uint64_t>(width) + kInflate,
                           options);
  kernels::Buffer<std::uint8_t> rgba(rgba_bytes);
  if (!read_pixels(session, rgba.data(), image.pixels.data())) return decode_error(session.message);
  return turned_upright(std::move(image), orientation);
}

}  // namespace allconv
