#include "engine/data/decode.hpp"

#include <string_view>

#include "engine/data/decoders.hpp"

namespace allconv {

namespace {

bool begins_with(std::span<const std::byte> file, std::string_view signature) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  return text.starts_with(signature);
}

// Formats that are recognised so that the refusal can name them.
const char* known_by_name_only(std::span<const std::byte> file) {
  using std::string_view_literals::operator""sv;
  if (begins_with(file, "RIFF"sv) && file.size() >= 12 && begins_with(file.subspan(8), "WEBP"sv)) {
    return "WebP";
  }
  if (begins_with(file, "BM"sv)) return "BMP";
  if (begins_with(file, "GIF8"sv)) return "GIF";
  if (begins_with(file, "II*\0"sv) || begins_with(file, "MM\0*"sv)) return "TIFF";
  const bool netpbm = file.size() > 2 && file[0] == std::byte{'P'} && file[1] >= std::byte{'1'} &&
                      file[1] <= std::byte{'7'};
  return netpbm ? "PPM or PGM" : nullptr;
}

}  // namespace

std::optional<ImageError> check_size(std::int64_t height, std::int64_t width,
                                     const DecodeOptions& options) {
  if (height >= 1 && width >= 1 && width <= options.pixel_limit / height) return std::nullopt;
  return decode_error("the image has " + std::to_string(width) + "x" + std::to_string(height) +
                      " pixels, the limit is " + std::to_string(options.pixel_limit / 1'000'000) +
                      " megapixels");
}

ImageResult decode_image(std::span<const std::byte> file, const DecodeOptions& options) {
  using std::string_view_literals::operator""sv;
  if (file.empty()) return decode_error("the file is empty");
  if (begins_with(file, "\xFF\xD8"sv)) return decode_jpeg(file, options);
  if (begins_with(file, "\x89PNG"sv)) return decode_png(file, options);
  if (const char* name = known_by_name_only(file)) {
    return decode_error(std::string(name) +
                        " images are not supported yet by this version: convert it to PNG");
  }
  return decode_error("the content is neither JPEG nor PNG");
}

}  // namespace allconv
