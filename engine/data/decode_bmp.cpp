// BMP of Windows and OS/2: a header before plain or run-length coded pixels, so read here rather
// than by a library (https://learn.microsoft.com/windows/win32/gdi/bitmap-storage).
#include <bit>
#include <limits>

#include "engine/data/bmp_runs.hpp"
#include "engine/data/byte_order.hpp"
#include "engine/data/decoders.hpp"

namespace allconv {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kOldHeader = 12;      // OS/2 1: 16-bit sizes, a palette of 3-byte colours
constexpr std::uint32_t kWindowsHeader = 40;  // later ones begin like it

enum Compression : std::uint32_t {
  kPlain = 0,
  kRuns8 = 1,
  kRuns4 = 2,
  kMasks = 3,
  kAlphaMasks = 6
};

// Where a pixel's number holds one of its channels.
struct Channel {
  std::uint32_t mask = 0;

  // To 8 bits as Pillow does, rounded down.
  std::uint32_t value(std::uint32_t pixel) const {
    if (mask == 0) return 0;
    const int shift = std::countr_zero(mask);
    return static_cast<std::uint32_t>(std::uint64_t{(pixel & mask) >> shift} * 255 /
                                      (mask >> shift));
  }
};

struct Header {
  std::int64_t height = 0, width = 0;
  bool top_down = false;
  std::uint32_t bits = 0;  // a pixel
  std::uint32_t compression = kPlain;
  Channel channels[4];  // red, green, blue, alpha: of pixels of 16 and more bits
  Bytes palette;        // blue, green, red (and nothing) a colour
  std::size_t colour_bytes = 4;
  std::size_t pixels_at = 0;  // offset in the file

  bool runs() const { return compression == kRuns8 || compression == kRuns4; }
  bool masks() const { return compression == kMasks || compression == kAlphaMasks; }
  std::size_t colours() const { return palette.size() / colour_bytes; }
  std::size_t row_bytes() const {  // whole 32-bit words
    return (static_cast<std::size_t>(width) * bits + 31) / 32 * 4;
  }
};

bool has_known_size(std::uint32_t header_bytes) {
  for (const std::uint32_t known : {kOldHeader, kWindowsHeader, 52U, 56U, 64U, 108U, 124U}) {
    if (header_bytes == known) return true;
  }
  return false;
}

// The first fields, up to the compression. `info` is the header behind the file's header.
void read_sizes(Bytes info, Header& header) {
  if (info.size() == kOldHeader) {
    header.width = little_endian(info, 4, 2);
    header.height = little_endian(info, 6, 2);
    header.bits = little_endian(info, 10, 2);
    header.colour_bytes = 3;
    return;
  }
  header.width = static_cast<std::int32_t>(little_endian(info, 4, 4));
  header.height = static_cast<std::int32_t>(little_endian(info, 8, 4));
  header.top_down = header.height < 0;
  if (header.top_down) header.height = -header.height;
  header.bits = little_endian(info, 14, 2);
  header.compression = little_endian(info, 16, 4);
}

std::optional<ImageError> check_combination(const Header& header, std::uint32_t header_bytes) {
  constexpr std::uint32_t kOs2Header = 64;  // knows no masks
  const std::uint32_t bits = header.bits;
  bool known = false;
  switch (header.compression) {
    case kPlain:
      known = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
      break;
    case kRuns8: known = bits == 8; break;
    case kRuns4: known = bits == 4; break;
    case kMasks:
    case kAlphaMasks: known = (bits == 16 || bits == 32) && header_bytes != kOs2Header; break;
    default: break;
  }
  if (known) return std::nullopt;
  return decode_error("a BMP of " + std::to_string(bits) + " bits a pixel and compression " +
                      std::to_string(header.compression) + " is not supported: convert it to PNG");
}

// Masks stand in the header or, behind the shortest one, after it. Returns where they end.
std::optional<std::size_t> read_masks(Bytes file, std::size_t header_bytes, Header& header) {
  std::size_t end = kFileHeader + header_bytes;
  std::size_t count = header_bytes == 52 ? 3 : 4;
  if (header.masks() && header_bytes == kWindowsHeader) {
    count = header.compression == kAlphaMasks ? 4 : 3;
    end += 4 * count;
  }
  if (end > file.size()) return std::nullopt;
  std::uint32_t any = 0;
  for (std::size_t i = 0; header.masks() && i < count; ++i) {
    header.channels[i].mask = little_endian(file, kFileHeader + kWindowsHeader + 4 * i, 4);
    any |= header.channels[i].mask;
  }
  if (any != 0) return end;
  // None means the usual places. A plain fourth byte means nothing.
  const bool wide = header.bits == 32;
  header.channels[0].mask = wide ? 0xFF0000 : 0x7C00;
  header.channels[1].mask = wide ? 0x00FF00 : 0x03E0;
  header.channels[2].mask = wide ? 0x0000FF : 0x001F;
  header.channels[3].mask = wide && header.masks() ? 0xFF000000 : 0;
  return end;
}

std::variant<Header, ImageError> read_header(Bytes file) {
  if (file.size() < kFileHeader + kOldHeader) return ends_early();
  const std::uint32_t header_bytes = little_endian(file, kFileHeader, 4);
  if (!has_known_size(header_bytes)) return decode_error("the BMP header has an unknown size");
  if (file.size() < kFileHeader + header_bytes) return ends_early();
  const Bytes info = file.subspan(kFileHeader, header_bytes);
  Header header;
  read_sizes(info, header);
  if (auto refusal = check_combination(header, header_bytes)) return *std::move(refusal);
  const auto palette_at = read_masks(file, header_bytes, header);
  header.pixels_at = little_endian(file, 10, 4);
  if (!palette_at || header.pixels_at > file.size()) return ends_early();
  if (header.pixels_at < *palette_at) return decode_error("the pixels begin inside the header");
  if (header.bits > 8) return header;

  // A palette may be shorter than told: then the pixels begin where it should go on.
  std::size_t colours = std::size_t{1} << header.bits;
  if (header_bytes != kOldHeader) {
    const std::size_t told = little_endian(info, 32, 4);
    if (told != 0) colours = std::min(colours, told);
  }
  colours = std::min(colours, (header.pixels_at - *palette_at) / header.colour_bytes);
  header.palette = file.subspan(*palette_at, colours * header.colour_bytes);
  return header;
}

// Numbers of pixels to RGB.
class Painter {
 public:
  Painter(const Header& header, Image& image) : header_(header), image_(image) {}

  // The row `y` counted from the file's first.
  std::uint8_t* row(std::int64_t y) {
    const std::int64_t from_top = header_.top_down ? y : header_.height - 1 - y;
    return image_.pixels.data() + 3 * from_top * header_.width;
  }

  // False when the palette has no such colour.
  bool paint(std::uint32_t index, std::uint8_t* rgb) const {
    if (index >= header_.colours()) return false;
    const std::size_t at = index * header_.colour_bytes;
    for (std::size_t i = 0; i < 3; ++i) {
      rgb[i] = std::to_integer<std::uint8_t>(header_.palette[at + 2 - i]);
    }
    return true;
  }

  void paint_masked(std::uint32_t pixel, std::uint8_t* rgb) const {
    const Channel* channels = header_.channels;
    std::uint8_t rgba[4] = {0, 0, 0, 255};
    for (int i = 0; i < (channels[3].mask != 0 ? 4 : 3); ++i) {
      rgba[i] = static_cast<std::uint8_t>(channels[i].value(pixel));
    }
    lay_over_white(rgba, 1, rgb);
  }

 private:
  const Header& header_;
  Image& image_;
};

ImageError no_such_colour() { return decode_error("a pixel's colour is not in the palette"); }

// Blue, green, red (and nothing).
void paint_bytes(const std::byte* src, const Header& header, std::uint8_t* rgb) {
  const std::size_t bytes = header.bits / 8;
  for (std::int64_t x = 0; x < header.width; ++x, src += bytes, rgb += 3) {
    for (int i = 0; i < 3; ++i) rgb[i] = std::to_integer<std::uint8_t>(src[2 - i]);
  }
}

std::optional<ImageError> paint_row(Bytes row, const Header& header, const Painter& painter,
                                    std::uint8_t* rgb) {
  const bool masked = header.bits == 16 || header.masks();
  if (header.bits > 8 && !masked) {
    paint_bytes(row.data(), header, rgb);
    return std::nullopt;
  }
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, rgb += 3) {
    if (masked) {
      const std::size_t bytes = header.bits / 8;
      painter.paint_masked(little_endian(row, bytes * x, static_cast<int>(bytes)), rgb);
      continue;
    }
    const std::size_t in_byte = 8 / header.bits;  // pixels, the first in the highest bits
    const std::uint32_t byte = little_endian(row, x / in_byte, 1);
    const auto shift = (in_byte - 1 - x % in_byte) * header.bits;
    if (!painter.paint(byte >> shift & ((1U << header.bits) - 1), rgb)) return no_such_colour();
  }
  return std::nullopt;
}

ImageResult decode_plain(Bytes data, const Header& header, const DecodeOptions& options) {
  if (data.size() / header.row_bytes() < static_cast<std::size_t>(header.height)) {
    return ends_early();
  }
  Image image = make_image(header.height, header.width, 0, options);
  Painter painter(header, image);
  for (std::int64_t y = 0; y < header.height; ++y) {
    const Bytes row = data.subspan(static_cast<std::size_t>(y) * header.row_bytes());
    if (auto damage = paint_row(row, header, painter, painter.row(y))) return *std::move(damage);
  }
  return image;
}

// The runs are followed twice: without memory first, to see that they reach the end.
ImageResult decode_runs(Bytes data, const Header& header, const DecodeOptions& options) {
  const BmpRuns runs{.data = data,
                     .height = header.height,
                     .width = header.width,
                     .four_bits = header.compression == kRuns4};
  if (auto damage = runs.walk([](const BmpRuns::Place&, std::uint32_t) { return true; })) {
    return *std::move(damage);
  }
  Image image = make_image(header.height, header.width, 0, options);
  Painter painter(header, image);
  // Skipped pixels have the first colour.
  for (std::int64_t y = 0; y < header.height; ++y) {
    std::uint8_t* rgb = painter.row(y);
    for (std::int64_t x = 0; x < header.width; ++x) painter.paint(0, rgb + 3 * x);
  }
  auto damage = runs.walk([&](const BmpRuns::Place& place, std::uint32_t index) {
    return painter.paint(index, painter.row(place.y) + 3 * place.x);
  });
  if (damage) return *std::move(damage);
  return image;
}

}  // namespace

ImageResult decode_bmp(Bytes file, const DecodeOptions& options) {
  const auto read = read_header(file);
  if (const auto* error = std::get_if<ImageError>(&read)) return *error;
  const Header& header = std::get<Header>(read);
  if (auto refusal = check_size(header.height, header.width, options)) return *std::move(refusal);
  if (header.bits <= 8 && header.colours() == 0) return no_such_colour();
  const Bytes data = file.subspan(header.pixels_at);
  return header.runs() ? decode_runs(data, header, options) : decode_plain(data, header, options);
}

}  // namespace allconv
