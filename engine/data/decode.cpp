#include "engine/data/decode.hpp"

#include <fmt/format.h>

#include "engine/data/decoders.hpp"

namespace allconv {

namespace {

using namespace std::string_view_literals;

bool is_webp(std::string_view file) {
  return file.starts_with("RIFF"sv) && file.size() >= 12 && file.substr(8).starts_with("WEBP"sv);
}

// PBM, PGM and PPM, as text and as bytes.
bool is_netpbm(std::string_view file) {
  return file.size() > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6';
}

// Formats that are recognised so that the refusal can name them.
const char* known_by_name_only(std::string_view file) {
  if (file.starts_with("GIF8"sv)) return "GIF";
  if (file.starts_with("II*\0"sv) || file.starts_with("MM\0*"sv)) return "TIFF";
  if (file.substr(0, 12).ends_with("ftypavif"sv)) return "AVIF";
  if (file.substr(0, 12).ends_with("ftypheic"sv)) return "HEIC";
  return nullptr;
}

}  // namespace

std::optional<ImageError> check_size(std::int64_t height, std::int64_t width,
                                     const DecodeOptions& options) {
  if (height < 1 || width < 1) return decode_error("the image has no pixels");
  if (width <= options.pixel_limit / height) return std::nullopt;
  return decode_error(fmt::format(
      "the image has {}x{} pixels, more than the limit of {} million: raise it with --max-pixels",
      width, height, static_cast<double>(options.pixel_limit) / 1e6));
}

Image make_image(std::int64_t height, std::int64_t width, std::uint64_t working_bytes,
                 const DecodeOptions& options) {
  MemoryBudget::Reservation memory;
  if (options.memory != nullptr) {
    const auto pixel_bytes = static_cast<std::uint64_t>(3 * height * width);
    memory = options.memory->take(static_cast<std::size_t>(pixel_bytes + working_bytes));
  }
  Image image = Image::of_size(static_cast<int>(height), static_cast<int>(width));
  image.memory = std::move(memory);
  return image;
}

void lay_over_white(const std::uint8_t* rgba, std::size_t count, std::uint8_t* rgb) {
  for (; count > 0; --count, rgba += 4, rgb += 3) {
    const std::uint32_t alpha = rgba[3];
    for (int channel = 0; channel < 3; ++channel) {
      rgb[channel] =
          static_cast<std::uint8_t>((rgba[channel] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
}

ImageResult decode_image(std::span<const std::byte> file, const DecodeOptions& options) {
  const std::string_view text = text_of(file);
  if (file.empty()) return decode_error("the file is empty");
  if (text.starts_with("\xFF\xD8"sv)) return decode_jpeg(file, options);
  if (text.starts_with("\x89PNG"sv)) return decode_png(file, options);
  if (is_webp(text)) return decode_webp(file, options);
  if (text.starts_with("BM"sv)) return decode_bmp(file, options);
  if (is_netpbm(text)) return decode_netpbm(file, options);
  if (const char* name = known_by_name_only(text)) {
    return decode_error(std::string(name) + " images are not supported: convert it to PNG");
  }
  return decode_error("the content is none of JPEG, PNG, WebP, BMP, PPM and PGM");
}

}  // namespace allconv
