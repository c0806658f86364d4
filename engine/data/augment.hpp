// Augmentation: how a training image is moved at random, anew in each epoch.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/image_prepare/problem.hpp"

namespace allconv {

struct Augmentation {
  bool flip = false;  // half of the images are mirrored
  int shift = 0;      // pixels; each axis is moved by -shift .. shift, all equally likely

  bool any() const { return flip || shift > 0; }
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

// "none", or of "flip" and "shift:N" (N from 1 to 127) one or both, parted by a comma.
// Throws Error{usage}.
Augmentation parse_augmentation(std::string_view text);

// The move of image `image` in epoch `epoch`: a function of the arguments alone.
kernels::ImageMove draw_move(const Augmentation& augmentation, std::uint64_t seed,
                             std::uint64_t epoch, std::uint64_t image);

}  // namespace allconv
