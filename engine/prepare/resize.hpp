// Resizing as Pillow's Image.resize(size, BILINEAR): a triangle filter that widens when shrinking
// (antialiasing), columns first, then rows, each rounded to 8 bits. Equal to Pillow's result.
#pragma once

#include <cstdint>
#include <span>

#include "engine/formats/model_file.hpp"
#include "engine/prepare/image.hpp"

namespace allconv {

// What the network takes.
struct ImageTarget {
  int height = 0;
  int width = 0;
  Preparation::Fit fit = Preparation::Fit::stretch;

  std::size_t bytes() const {
    return std::size_t{3} * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
};

ImageTarget image_target(const Preparation& prepare);

// Where the target lies in the image when it is resized as a whole: at (top, left) of (height,
// width). Without a cut both are the same.
struct ResizeFrame {
  int height = 0, width = 0;
  int top = 0, left = 0;
};
ResizeFrame resize_frame(const Image& src, const ImageTarget& target);

// `dst`: (target.height, target.width, 3). Cover: the image is resized, keeping its shape (longer
// side rounded down), until it just covers the target, then the centre is cut out.
// Throws std::bad_alloc only.
void resize_image(const Image& src, const ImageTarget& target, std::span<std::uint8_t> dst);

}  // namespace allconv
