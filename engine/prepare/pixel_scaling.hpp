// From a model's preparation to the kernel `image_prepare`.
#pragma once

#include "engine/formats/model_file.hpp"
#include "kernels/image_prepare/problem.hpp"

namespace allconv {

// Scale, mean and deviation in single precision.
kernels::PixelScaling pixel_scaling(const Preparation& prepare);

// The same as the kernel takes them; the caller fills in images, moves and dst.
kernels::ImagePrepare::Arguments image_prepare_arguments(const Preparation& prepare);

}  // namespace allconv
