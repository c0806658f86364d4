#include "engine/data/exif.hpp"

#include <cstdint>
#include <cstring>

namespace allconv {

namespace {

// Reads numbers of a TIFF block in its own byte order; beyond the end they are 0.
class TiffReader {
 public:
  explicit TiffReader(std::span<const std::byte> block)
      : block_(block), little_(!block.empty() && block[0] == std::byte{'I'}) {}

  std::uint32_t number(std::size_t offset, int bytes) const {
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      const std::size_t at = offset + static_cast<std::size_t>(little_ ? bytes - 1 - i : i);
      value = value << 8 | (at < block_.size() ? std::to_integer<std::uint32_t>(block_[at]) : 0);
    }
    return value;
  }

 private:
  std::span<const std::byte> block_;
  bool little_;
};

constexpr std::uint32_t kOrientationTag = 0x0112;  // TIFF 6.0, section 8: "Orientation"
constexpr std::uint32_t kShortType = 3;

Image::Extent backwards(const Image::Extent& extent, int length) {
  return {.first = length - extent.first - extent.size, .size = extent.size};
}

bool stands_upright(int orientation) { return orientation <= 1 || orientation > 8; }

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
  const TiffReader reader(tiff);
  if (tiff.size() < 8 || reader.number(2, 2) != 42) return 1;
  const std::size_t directory = reader.number(4, 4);
  const std::uint32_t entries = reader.number(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (entry + 12 > tiff.size()) return 1;
    if (reader.number(entry, 2) != kOrientationTag) continue;
    const std::uint32_t value = reader.number(entry + 8, 2);
    const bool valid = reader.number(entry + 2, 2) == kShortType && value >= 1 && value <= 8;
    return valid ? static_cast<int>(value) : 1;
  }
  return 1;
}

std::span<const std::byte> tiff_block(std::span<const std::byte> note) {
  constexpr char kIntroduction[6] = {'E', 'x', 'i', 'f', 0, 0};
  const bool introduced = note.size() >= sizeof kIntroduction &&
                          std::memcmp(note.data(), kIntroduction, sizeof kIntroduction) == 0;
  return introduced ? note.subspan(sizeof kIntroduction) : note;
}

std::uint64_t turned_bytes(int orientation, std::int64_t height, std::int64_t width) {
  return stands_upright(orientation) ? 0 : static_cast<std::uint64_t>(3 * height * width);
}

Image turned_upright(Image image, int orientation) {
  if (stands_upright(orientation)) return image;
  // From 5 on rows and columns change places; then rows or columns of the result run backwards.
  const bool swapped = orientation >= 5;
  const bool rows_backwards = orientation == 3 || orientation == 4 || orientation >= 7;
  const bool columns_backwards =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  Image upright = swapped ? Image::of_size(image.width, image.height)
                          : Image::of_size(image.height, image.width);
  upright.memory = std::move(image.memory);
  upright.rows = swapped ? image.columns : image.rows;
  upright.columns = swapped ? image.rows : image.columns;
  if (rows_backwards) upright.rows = backwards(upright.rows, upright.height);
  if (columns_backwards) upright.columns = backwards(upright.columns, upright.width);
  std::uint8_t* dst = upright.pixels.data();
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x, dst += 3) {
      const int row = rows_backwards ? upright.height - 1 - y : y;
      const int column = columns_backwards ? upright.width - 1 - x : x;
      const int src_row = swapped ? column : row;
      const int src_column = swapped ? row : column;
      const std::size_t pixel =
          static_cast<std::size_t>(src_row) * static_cast<std::size_t>(image.width) +
          static_cast<std::size_t>(src_column);
      std::memcpy(dst, image.pixels.data() + 3 * pixel, 3);
    }
  }
  return upright;
}

}  // namespace allconv
