#include "engine/data/record_source.hpp"

#include "engine/support/error.hpp"

namespace allconv {

RecordSource::RecordSource(RecordFile file, const RecordLayout& layout, std::vector<int> labels)
    : file_(std::move(file)), layout_(layout), labels_(std::move(labels)) {}

std::string RecordSource::path(std::size_t index) const {
  const std::string& path = file_.path();
  return path.substr(path.rfind('/') + 1) + "#" + std::to_string(index);
}

int RecordSource::label(std::size_t index) const {
  return labels_.empty() ? kNoLabel : labels_[index];
}

std::size_t RecordSource::plane_bytes() const {
  return static_cast<std::size_t>(layout_.height) * static_cast<std::size_t>(layout_.width);
}

ReadResult RecordSource::read(std::size_t index, MemoryBudget& memory) const {
  const std::size_t bytes = static_cast<std::size_t>(layout_.channels) * plane_bytes();
  EncodedImage image{.bytes = {}, .memory = memory.take(bytes)};
  image.bytes.resize(bytes);
  const std::int64_t offset =
      layout_.first_byte + layout_.record_bytes * static_cast<std::int64_t>(index);
  try {
    file_.read_at(offset, {reinterpret_cast<std::uint8_t*>(image.bytes.data()), bytes});
  } catch (const Error& error) {
    return ImageError{ImageError::Stage::open, error.what()};
  }
  return image;
}

ImageResult RecordSource::decode(const EncodedImage& encoded, const DecodeOptions&) const {
  const auto* planes = reinterpret_cast<const std::uint8_t*>(encoded.bytes.data());
  Image image = Image::of_size(layout_.height, layout_.width);
  const std::size_t step = layout_.channels == 3 ? plane_bytes() : 0;
  for (std::size_t i = 0; i < plane_bytes(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = planes[i + c * step];
  }
  return image;
}

}  // namespace allconv
