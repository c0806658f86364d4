// PNG by libpng's simplified interface, which keeps its jumps to itself.
#include "engine/data/encode_png.hpp"

#include <png.h>

#include "engine/support/error.hpp"

namespace allconv {

std::string encode_png(const Image& image) {
  png_image header = {};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  header.flags = PNG_IMAGE_FLAG_FAST;
  // Asked for its size first, the library would compress twice.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  kernels::Buffer<char> worst(size);
  const int done = png_image_write_to_memory(&header, worst.data(), &size, 0, image.pixels.data(),
                                             3 * image.width, nullptr);
  if (done == 0) throw Error(ErrorKind::internal, header.message, "PNG");
  return {worst.data(), size};
}

}  // namespace allconv
