// JPEG by libjpeg-turbo, with its defaults (accurate integer transform, smooth chroma upsampling),
// which Pillow uses too.
#include <csetjmp>
#include <cstddef>
#include <cstdio>  // jpeglib.h uses FILE and size_t
#include <cstring>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

#include "engine/data/decoders.hpp"
#include "engine/data/exif.hpp"

namespace allconv {

namespace {

constexpr int kMaximumScans = 500;  // of a progressive image: a tiny file must not cost minutes

// The library reports errors by a callback that must not return, so each stretch of calls runs
// under a setjmp. Nothing with a destructor may live in the frames that a jump crosses.
struct Session {
  jpeg_decompress_struct decoder = {};
  jpeg_error_mgr errors = {};
  jpeg_progress_mgr progress = {};
  std::jmp_buf on_error = {};
  char message[JMSG_LENGTH_MAX] = "";

  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { jpeg_destroy_decompress(&decoder); }  // valid on a zeroed decoder too
};

Session& session_of(j_common_ptr decoder) { return *static_cast<Session*>(decoder->client_data); }

[[noreturn]] void leave(j_common_ptr decoder) {
  Session& session = session_of(decoder);
  decoder->err->format_message(decoder, session.message);
  std::longjmp(session.on_error, 1);
}

// Level -1 is a warning: data that end early or are damaged, which the library would fill up.
// Padding between segments and odd version numbers harm no pixel.
void judge_message(j_common_ptr decoder, int level) {
  if (level >= 0) return;
  switch (decoder->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC: return;
    default: leave(decoder);
  }
}

void limit_scans(j_common_ptr decoder) {
  Session& session = session_of(decoder);
  if (session.decoder.input_scan_number <= kMaximumScans) return;
  std::strcpy(session.message, "the image has more than 500 scans");
  std::longjmp(session.on_error, 1);
}

// Runs `step`; false when the library reported an error, told in session.message.
template <class Step>
bool guarded(Session& session, Step step) {
  if (setjmp(session.on_error) != 0) return false;
  step(session.decoder);
  return true;
}

bool read_header(Session& session, std::span<const std::byte> file) {
  session.decoder.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = leave;
  session.errors.emit_message = judge_message;
  session.decoder.client_data = &session;
  session.progress.progress_monitor = limit_scans;
  return guarded(session, [&](jpeg_decompress_struct& decoder) {
    jpeg_create_decompress(&decoder);
    decoder.progress = &session.progress;
    jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(file.data()),
                 static_cast<unsigned long>(file.size()));
    jpeg_save_markers(&decoder, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&decoder, TRUE);
  });
}

bool is_printed(const jpeg_decompress_struct& decoder) {
  return decoder.jpeg_color_space == JCS_CMYK || decoder.jpeg_color_space == JCS_YCCK;
}

// One row of cyan, magenta, yellow and black as light on paper. After Adobe, files hold 255 less
// the ink, whether they say so or not: Pillow and browsers read them like this.
void light_of_inks(const std::uint8_t* inks, std::size_t width, std::uint8_t* rgb) {
  for (std::size_t x = 0; x < width; ++x) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      // (255-C)(255-K)/255, rounded.
      rgb[3 * x + channel] =
          static_cast<std::uint8_t>((inks[4 * x + channel] * inks[4 * x + 3] + 127) / 255);
    }
  }
}

// `inks`: room for a row of four inks a pixel, of printed images.
bool read_pixels(Session& session, std::uint8_t* pixels, std::uint8_t* inks) {
  return guarded(session, [=](jpeg_decompress_struct& decoder) {
    const bool printed = is_printed(decoder);
    decoder.out_color_space = printed ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&decoder);
    const std::size_t width = decoder.output_width;
    while (decoder.output_scanline < decoder.output_height) {
      std::uint8_t* const rgb = pixels + 3 * width * decoder.output_scanline;
      JSAMPROW row = printed ? inks : rgb;
      jpeg_read_scanlines(&decoder, &row, 1);
      if (printed) light_of_inks(inks, width, rgb);
    }
    jpeg_finish_decompress(&decoder);  // reads on to the end marker
  });
}

int orientation_of(const jpeg_decompress_struct& decoder) {
  constexpr char kIntroduction[6] = {'E', 'x', 'i', 'f', 0, 0};
  for (auto marker = decoder.marker_list; marker != nullptr; marker = marker->next) {
    const auto* data = reinterpret_cast<const std::byte*>(marker->data);
    const std::size_t size = marker->data_length;
    if (size < sizeof kIntroduction ||
        std::memcmp(data, kIntroduction, sizeof kIntroduction) != 0) {
      continue;
    }
    return exif_orientation({data + sizeof kIntroduction, size - sizeof kIntroduction});
  }
  return 1;
}

std::optional<ImageError> check_header(const jpeg_decompress_struct& decoder,
                                       const DecodeOptions& options) {
  switch (decoder.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
    case JCS_CMYK:
    case JCS_YCCK: return check_size(decoder.image_height, decoder.image_width, options);
    default:
      return decode_error("a JPEG of " + std::to_string(decoder.num_components) +
                          " components is neither grey nor RGB nor CMYK");
  }
}

}  // namespace

ImageResult decode_jpeg(std::span<const std::byte> file, const DecodeOptions& options) {
  Session session;
  if (!read_header(session, file)) return decode_error(session.message);
  if (auto refusal = check_header(session.decoder, options)) return *std::move(refusal);
  Image image = Image::of_size(static_cast<int>(session.decoder.image_height),
                               static_cast<int>(session.decoder.image_width));
  const int orientation = orientation_of(session.decoder);
  std::vector<std::uint8_t> inks;
  if (is_printed(session.decoder)) inks.resize(std::size_t{4} * session.decoder.image_width);
  if (!read_pixels(session, image.pixels.data(), inks.data())) return decode_error(session.message);
  return turned_upright(std::move(image), orientation);
}

}  // namespace allconv
