#include "engine/data/file_source.hpp"

#include "engine/data/decode.hpp"
#include "engine/data/image_file.hpp"

namespace allconv {

ImageResult FileSource::load(std::size_t index) const {
  auto file = read_image_file(files_[index].path);
  if (auto* error = std::get_if<ImageError>(&file)) return std::move(*error);
  return decode_image(std::as_bytes(std::span(std::get<std::string>(file))));
}

}  // namespace allconv
