// IDX files as MNIST has them: big-endian headers, grey images, one label byte an image
// (http://yann.lecun.com/exdb/mnist). Each file may end in .gz.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "engine/data/formats.hpp"
#include "engine/data/record_source.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::uint32_t kImagesMagic = 0x0803;  // unsigned bytes, three dimensions
constexpr std::uint32_t kLabelsMagic = 0x0801;
constexpr std::int64_t kImagesHeader = 16;
constexpr std::int64_t kLabelsHeader = 8;
constexpr std::int64_t kLargestSide = 1 << 14;
constexpr int kDigits = 10;

// "train" or "t10k" -> the name of the file that the folder has, plain before .gz.
std::optional<std::string> find_file(const Listing& listing, const std::string& stem) {
  if (contains(listing.files, stem)) return stem;
  if (contains(listing.files, stem + ".gz")) return stem + ".gz";
  return std::nullopt;
}

std::optional<std::string> images_file(const Listing& listing, const std::string& part) {
  return find_file(listing, part + "-images-idx3-ubyte");
}

std::int64_t read_number(const RecordFile& file, std::int64_t offset) {
  std::array<std::uint8_t, 4> bytes;
  file.read_at(offset, bytes);
  std::int64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

[[noreturn]] void throw_damaged(const RecordFile& file, const std::string& what) {
  throw Error(ErrorKind::io, what, file.path(), "fetch the file anew");
}

RecordLayout read_layout(RecordFile& file) {
  file.inflate(kImagesHeader);
  if (read_number(file, 0) != kImagesMagic) throw_damaged(file, "is no IDX file of images");
  const std::int64_t count = read_number(file, 4);
  const std::int64_t height = read_number(file, 8);
  const std::int64_t width = read_number(file, 12);
  if (height < 1 || width < 1 || height > kLargestSide || width > kLargestSide) {
    throw_damaged(file, "its header tells impossible sizes");
  }
  // 2^32 images of 2^28 bytes stay below 2^63.
  const std::int64_t bytes = kImagesHeader + count * height * width;
  file.inflate(bytes + 1);  // one more tells that there are too many
  if (file.size() != bytes) {
    throw_damaged(file, "holds another number of bytes than its header says");
  }
  return {.count = count,
          .first_byte = kImagesHeader,
          .record_bytes = height * width,
          .channels = 1,
          .height = static_cast<int>(height),
          .width = static_cast<int>(width)};
}

std::vector<int> read_labels(RecordFile file, std::int64_t images) {
  file.inflate(kLabelsHeader + images + 1);
  if (read_number(file, 0) != kLabelsMagic) throw_damaged(file, "is no IDX file of labels");
  const std::int64_t count = read_number(file, 4);
  if (count != images || file.size() != kLabelsHeader + count) {
    throw_damaged(file,
                  "does not hold one label for each of the " + std::to_string(images) + " images");
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  file.read_at(kLabelsHeader, bytes);
  return {bytes.begin(), bytes.end()};
}

// Digits are named 0 to 9 even where some do not occur; sets with more classes go on counting.
std::vector<std::string> class_names(int largest_label) {
  std::vector<std::string> names;
  for (int i = 0; i < std::max(kDigits, largest_label + 1); ++i) names.push_back(std::to_string(i));
  return names;
}

struct Part {
  std::shared_ptr<const ImageSource> images;
  int largest_label = 0;
};

Part open_part(const Listing& listing, const std::string& part, OpenMode mode) {
  RecordFile file(listing.folder + *images_file(listing, part));
  const RecordLayout layout = read_layout(file);
  std::vector<int> labels;
  if (mode != OpenMode::score) {
    const std::string stem = part + "-labels-idx1-ubyte";
    const auto name = find_file(listing, stem);
    if (!name) {
      throw Error(ErrorKind::usage, "the images have no labels", listing.folder,
                  "add the file " + stem);
    }
    labels = read_labels(RecordFile(listing.folder + *name), layout.count);
  }
  const int largest = labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end());
  return {std::make_shared<RecordSource>(std::move(file), layout, std::move(labels)), largest};
}

}  // namespace

bool is_idx(const Listing& listing) {
  return images_file(listing, "train") || images_file(listing, "t10k");
}

DataSet open_idx(const Listing& listing, Split split, OpenMode mode) {
  std::vector<Part> parts;
  for (const char* part : {"t10k", "train"}) {  // bytewise
    const bool wanted = split == Split::all || (split == Split::train) == (part[1] == 'r');
    if (wanted && images_file(listing, part)) parts.push_back(open_part(listing, part, mode));
  }
  if (parts.empty()) throw_no_such_split(listing.folder, split);
  int largest = 0;
  for (const Part& part : parts) largest = std::max(largest, part.largest_label);
  const auto classes = mode == OpenMode::score ? std::vector<std::string>{} : class_names(largest);
  DataSet data;
  for (Part& part : parts) data.append({std::move(part.images), classes});
  return data;
}

}  // namespace allconv
