#include "engine/prepare/pixel_scaling.hpp"

#include <algorithm>

namespace allconv {

kernels::PixelScaling pixel_scaling(const Preparation& prepare) {
  kernels::PixelScaling scaling{.scale = static_cast<float>(prepare.scale)};
  for (std::size_t c = 0; c < 3; ++c) {
    scaling.mean[c] = static_cast<float>(prepare.mean[c]);
    scaling.std[c] = static_cast<float>(prepare.std[c]);
  }
  return scaling;
}

kernels::ImagePrepare::Arguments image_prepare_arguments(const Preparation& prepare) {
  const kernels::PixelScaling scaling = pixel_scaling(prepare);
  kernels::ImagePrepare::Arguments arguments = {};
  arguments.scale = scaling.scale;
  std::copy_n(scaling.mean, 3, arguments.mean);
  std::copy_n(scaling.std, 3, arguments.std);
  return arguments;
}

}  // namespace allconv
