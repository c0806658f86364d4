// PBM, PGM and PPM (https://netpbm.sourceforge.net/doc/), as text (P1, P2, P3) and as bytes (P4,
// P5, P6): a header of a few numbers before plain samples, so read here rather than by a library.
// Of several images in one file the first counts.
#include <array>
#include <cmath>
#include <cstring>

#include "engine/data/byte_order.hpp"
#include "engine/data/decoders.hpp"

namespace allconv {

namespace {

constexpr std::uint32_t kLargestNumber = 1'000'000'000;

bool is_space(char letter) {
  return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\v' || letter == '\f' ||
         letter == '\r';
}

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Reads numbers parted by white space and by comments, which go from # to the end of their line.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }

  // Up to the next number; whether there is more text at all.
  bool skip_to_number() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size() - 1);
      } else if (!is_space(text_[at_])) {
        return true;
      }
    }
    return false;
  }

  // The digits here, at most `most` of them, as a number; nullopt when there is none.
  std::optional<std::uint32_t> number(std::size_t most = 11) {
    const std::size_t first = at_;
    std::uint64_t value = 0;
    while (at_ < text_.size() && at_ - first < most && is_digit(text_[at_])) {
      value = 10 * value + static_cast<std::uint64_t>(text_[at_++] - '0');
    }
    if (at_ == first || value > kLargestNumber) return std::nullopt;
    return static_cast<std::uint32_t>(value);
  }

  // One white space, as between the header and bytes.
  bool space() { return at_ < text_.size() && is_space(text_[at_++]); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

struct Header {
  bool as_text = false;
  bool bits = false;  // 1 is black
  bool colour = false;
  std::uint32_t width = 0, height = 0;
  std::uint32_t largest = 1;   // sample: white
  std::size_t samples_at = 0;  // offset in the file

  std::uint64_t row_samples() const { return std::uint64_t{width} * (colour ? 3 : 1); }

  // The least for samples as text: a digit each, and white space between numbers.
  std::uint64_t sample_bytes() const {
    const std::uint64_t samples = row_samples() * height;
    if (as_text) return bits ? samples : 2 * samples - 1;
    if (bits) return (row_samples() + 7) / 8 * height;
    return largest > 255 ? 2 * samples : samples;
  }
};

std::variant<Header, ImageError> read_header(std::string_view file) {
  const int kind = file[1] - '0';
  Header header;
  header.as_text = kind <= 3;
  header.bits = kind == 1 || kind == 4;
  header.colour = kind == 3 || kind == 6;
  TextReader reader(file.substr(2));
  std::uint32_t* const fields[] = {&header.width, &header.height, &header.largest};
  for (std::uint32_t* const field : std::span(fields, header.bits ? 2 : 3)) {
    if (!reader.skip_to_number()) return ends_early();
    const auto value = reader.number();
    if (!value) return decode_error("the header holds something else than sizes");
    *field = *value;
  }
  if (header.largest < 1 || header.largest > 65535) {
    return decode_error("the header's largest sample is not in 1 to 65535");
  }
  if (!reader.space()) return ends_early();
  header.samples_at = 2 + reader.at();
  return header;
}

// Samples to 8 bits, as Pillow scales them up to 255; those of more bits are cut to their upper 8.
class Scale {
 public:
  explicit Scale(std::uint32_t largest) : largest_(largest) {
    for (std::uint32_t value = 0; value <= std::min(largest, 255U); ++value) {
      bytes_[value] = static_cast<std::uint8_t>(scaled(value, 255));
    }
  }

  std::uint8_t operator()(std::uint32_t value) const {
    if (largest_ <= 255) return bytes_[value];
    return static_cast<std::uint8_t>(scaled(value, 65535) >> 8);
  }

 private:
  std::uint32_t scaled(std::uint32_t value, double white) const {
    return static_cast<std::uint32_t>(
        std::nearbyint(value / static_cast<double>(largest_) * white));
  }

  std::uint32_t largest_;
  std::array<std::uint8_t, 256> bytes_ = {};
};

// Samples as bytes or bits, whose presence was checked before.
class ByteSamples {
 public:
  ByteSamples(std::span<const std::byte> data, const Header& header)
      : data_(data), header_(header) {}

  std::optional<std::uint32_t> next() {
    if (header_.bits) return bit();
    const int bytes = header_.largest > 255 ? 2 : 1;
    const std::uint32_t value = big_endian(data_, at_, bytes);
    at_ += static_cast<std::size_t>(bytes);
    return value;
  }

 private:
  std::uint32_t bit() {  // rows begin at whole bytes
    const std::uint32_t byte = big_endian(data_, at_, 1);
    const std::uint32_t value = byte >> (7 - column_ % 8) & 1;
    if (++column_ % 8 == 0 || column_ == header_.width) ++at_;
    if (column_ == header_.width) column_ = 0;
    return 1 - value;
  }

  std::span<const std::byte> data_;
  const Header& header_;
  std::size_t at_ = 0;
  std::uint32_t column_ = 0;
};

class TextSamples {
 public:
  TextSamples(std::string_view text, const Header& header) : reader_(text), header_(header) {}

  std::optional<std::uint32_t> next() {
    if (!reader_.skip_to_number()) return std::nullopt;
    const auto value = reader_.number(header_.bits ? 1 : 11);  // bits need nothing between them
    if (!value) return kNoSample;
    return header_.bits ? 1 - *value : *value;  // wraps around for what is no bit
  }

 private:
  static constexpr std::uint32_t kNoSample = kLargestNumber;  // larger than any `largest`

  TextReader reader_;
  const Header& header_;
};

template <class Samples>
std::optional<ImageError> fill(Samples samples, const Header& header, Image& image) {
  const Scale scale(header.largest);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    if (!header.colour && i % 3 != 0) {
      image.pixels[i] = image.pixels[i - 1];
      continue;
    }
    const std::optional<std::uint32_t> value = samples.next();
    if (!value) return ends_early();
    if (*value > header.largest) {
      return decode_error("a sample is no number from 0 to " + std::to_string(header.largest));
    }
    image.pixels[i] = scale(*value);
  }
  return std::nullopt;
}

}  // namespace

ImageResult decode_netpbm(std::span<const std::byte> file, const DecodeOptions& options) {
  const auto read = read_header(text_of(file));
  if (const auto* error = std::get_if<ImageError>(&read)) return *error;
  const Header& header = std::get<Header>(read);
  if (auto refusal = check_size(header.height, header.width, options)) return *std::move(refusal);
  const auto data = file.subspan(header.samples_at);
  if (data.size() < header.sample_bytes()) return ends_early();
  Image image = make_image(header.height, header.width, 0, options);
  if (!header.as_text && header.colour && header.largest == 255) {
    std::memcpy(image.pixels.data(), data.data(), image.pixels.size());
    return image;
  }
  auto damage = header.as_text ? fill(TextSamples(text_of(data), header), header, image)
                               : fill(ByteSamples(data, header), header, image);
  if (damage) return *std::move(damage);
  return image;
}

}  // namespace allconv
