// Augmentation: how a training image is changed at random, anew in each epoch.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/image_prepare/problem.hpp"
#include "kernels/image_warp/problem.hpp"

namespace allconv {

struct Augmentation {
  bool flip = false;   // half of the images are mirrored
  int shift = 0;       // pixels; each axis is moved by -shift .. shift, all equally likely
  int crop = 0;        // pixels by which images are larger than the window taken out of them
  bool heavy = false;  // instead of all others: stretched, mirrored, bent, moved, recoloured

  bool moves() const { return flip || shift > 0; }
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

// "none"; or of "flip", "shift:N" (N from 1 to 127) and "crop:N" (N from 1 to 1024) some, each
// once, parted by commas; or "heavy". Throws Error{usage}.
Augmentation parse_augmentation(std::string_view text);

// One image in one epoch. What is drawn for it is a function of this and of the augmentation.
struct AugmentPlace {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  std::uint64_t image = 0;
};

// Flip and shift.
kernels::ImageMove draw_move(const Augmentation& augmentation, const AugmentPlace& place);

// A window's first row and column.
struct WindowPlace {
  int row = 0, column = 0;
};

// Both from 0 to augmentation.crop, all equally likely, whatever the other parts are.
WindowPlace draw_window(const Augmentation& augmentation, const AugmentPlace& place);

// What `heavy` does to an image of that size. From the image to what the network sees, about the
// image's centre: x and y stretched by factors in [0.8, 1.2]; half of the images mirrored; one of
// x += a y, y += a x, or a turn by a, with a in [-0.2, 0.2]; moved by up to 16/126 of width and
// height. Each channel is multiplied by [0.8, 1.2], and [-25, 25] levels added. All uniform and
// independent.
kernels::ImageWarp draw_warp(const AugmentPlace& place, int height, int width);

}  // namespace allconv
