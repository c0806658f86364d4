// JPEG by libjpeg-turbo, with its defaults (accurate integer transform, smooth chroma upsampling),
// which Pillow uses too.
#include <algorithm>
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

// Of a progressive image: a small file must not cost minutes. Encoders make ten or so.
constexpr int kMaximumScans = 500;
constexpr std::uint64_t kMaximumVisits = 500'000'000;  // of blocks, over all scans

// The library reports errors by a callback that must not return, so each stretch of calls runs
// under a setjmp. Nothing with a destructor may live in the frames that a jump crosses.
struct Session {
  jpeg_decompress_struct decoder = {};
  jpeg_error_mgr errors = {};
  jpeg_progress_mgr progress = {};
  std::jmp_buf on_error = {};
  char message[JMSG_LENGTH_MAX] = "";
  std::uint64_t blocks = 0;           // of all components, known after the header
  std::uint32_t components_seen = 0;  // bits: those that a scan has spoken of

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

// Called within each scan.
void watch_scans(j_common_ptr decoder) {
  Session& session = session_of(decoder);
  const jpeg_decompress_struct& state = session.decoder;
  for (int i = 0; i < state.comps_in_scan; ++i) {
    session.components_seen |= 1U << state.cur_comp_info[i]->component_index;
  }
  const auto scans = static_cast<std::uint64_t>(state.input_scan_number);
  if (scans <= kMaximumScans && scans * session.blocks <= std::max(kMaximumVisits, session.blocks))
    return;
  std::strcpy(session.message, "the image has too many scans");
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
  session.progress.progress_monitor = watch_scans;
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

// Reads all scans of an image that has several; then each component must have had one, or the
// library would make up its values.
bool start(Session& session) {
  return guarded(session, [&session](jpeg_decompress_struct& decoder) {
    decoder.out_color_space = is_printed(decoder) ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&decoder);
    const std::uint32_t all = (1U << decoder.num_components) - 1;
    if (jpeg_has_multiple_scans(&decoder) && session.components_seen != all) {
      std::strcpy(session.message, "the data end early");
      std::longjmp(session.on_error, 1);
    }
  });
}

// `inks`: room for a row of four inks a pixel, of printed images.
bool read_pixels(Session& session, std::uint8_t* pixels, std::uint8_t* inks) {
  return guarded(session, [=](jpeg_decompress_struct& decoder) {
    const bool printed = is_printed(decoder);
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
  for (auto marker = decoder.marker_list; marker != nullptr; marker = marker->next) {
    const std::span note(reinterpret_cast<const std::byte*>(marker->data), marker->data_length);
    const auto block = tiff_block(note);
    if (block.size() < note.size()) return exif_orientation(block);
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

std::uint64_t count_blocks(const jpeg_decompress_struct& decoder) {
  std::uint64_t blocks = 0;
  for (int i = 0; i < decoder.num_components; ++i) {
    const jpeg_component_info& component = decoder.comp_info[i];
    blocks += std::uint64_t{component.width_in_blocks} * component.height_in_blocks;
  }
  return blocks;
}

// Whether the file may hold all blocks: each has a Huffman code, of one bit at least, for its mean
// value (ITU T.81, F.1.2.1 and G.1.2.1). Arithmetic coding knows no such bound.
bool is_plausible(const Session& session, std::size_t file_bytes) {
  return session.decoder.arith_code || session.blocks / 8 <= file_bytes;
}

// A size of the image after scaling.
JDIMENSION scaled(JDIMENSION size, unsigned eighths) { return (size * eighths + 7) / 8; }

// In eighths: the smallest of the sizes that the library scales to quickly which has enough rows
// and columns.
unsigned choose_scale(const jpeg_decompress_struct& decoder, const DecodeOptions& options,
                      int orientation) {
  const bool swapped = orientation >= 5;  // rows and columns change places afterwards
  const auto rows = static_cast<unsigned>(swapped ? options.enough_columns : options.enough_rows);
  const auto columns =
      static_cast<unsigned>(swapped ? options.enough_rows : options.enough_columns);
  if (rows == 0 || columns == 0) return 8;
  for (const unsigned eighths : {1U, 2U, 4U}) {
    if (scaled(decoder.image_height, eighths) >= rows &&
        scaled(decoder.image_width, eighths) >= columns) {
      return eighths;
    }
  }
  return 8;
}

// What the library allocates at most: of images with several scans all coefficients, of 2 bytes;
// rows of samples before and after upsampling; what it keeps of the header.
std::uint64_t working_bytes(jpeg_decompress_struct& decoder, std::size_t file_bytes) {
  constexpr std::uint64_t kRows = 256;  // bytes a column: 4 components, 40 rows with their context
  constexpr std::uint64_t kTables = std::uint64_t{64} << 10;
  constexpr std::uint64_t kCoefficientBytes = std::uint64_t{2} * DCTSIZE2;  // a block
  std::uint64_t coefficients = 0;
  for (int i = 0; jpeg_has_multiple_scans(&decoder) && i < decoder.num_components; ++i) {
    const jpeg_component_info& component = decoder.comp_info[i];
    // Filled up to whole units of interleaved blocks: fewer than 4 more either way.
    coefficients += kCoefficientBytes * (std::uint64_t{component.width_in_blocks} + 3) *
                    (std::uint64_t{component.height_in_blocks} + 3);
  }
  return coefficients + kRows * decoder.image_width + kTables + file_bytes;
}

}  // namespace

ImageResult decode_jpeg(std::span<const std::byte> file, const DecodeOptions& options) {
  Session session;
  if (!read_header(session, file)) return decode_error(session.message);
  jpeg_decompress_struct& decoder = session.decoder;
  if (auto refusal = check_header(decoder, options)) return *std::move(refusal);
  session.blocks = count_blocks(decoder);
  if (!is_plausible(session, file.size())) return ends_early();

  const int orientation = orientation_of(decoder);
  decoder.scale_denom = 8;
  decoder.scale_num = choose_scale(decoder, options, orientation);
  const std::int64_t height = scaled(decoder.image_height, decoder.scale_num);
  const std::int64_t width = scaled(decoder.image_width, decoder.scale_num);
  const std::uint64_t library_bytes = working_bytes(decoder, file.size());
  decoder.mem->max_memory_to_use = static_cast<long>(library_bytes);
  Image image =
      make_image(height, width, library_bytes + turned_bytes(orientation, height, width), options);
  image.rows.size = decoder.image_height * decoder.scale_num / 8.0;
  image.columns.size = decoder.image_width * decoder.scale_num / 8.0;

  std::vector<std::uint8_t> inks;
  if (is_printed(decoder)) inks.resize(std::size_t{4} * static_cast<std::size_t>(width));
  if (!start(session) || !read_pixels(session, image.pixels.data(), inks.data())) {
    return decode_error(session.message);
  }
  return turned_upright(std::move(image), orientation);
}

}  // namespace allconv
