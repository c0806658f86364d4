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
  // Asked for its size first, the library compresses twice.
  std::string bytes;
  png_alloc_size_t size = 0;
  for (int pass = 0; pass < 2; ++pass) {
    char* const memory = pass == 0 ? nullptr : bytes.data();
    const int done = png_image_write_to_memory(&header, memory, &size, 0, image.pixels.data(),
                                               3 * image.width, nullptr);
    if (done == 0) throw Error(ErrorKind::internal, header.message, "PNG");
    bytes.resize(size);
  }
  return bytes;
}

}  // namespace allconv
