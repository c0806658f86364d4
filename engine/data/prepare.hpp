// From a model's preparation to the kernel `image_prepare`.
#pragma once

#include "engine/formats/model_file.hpp"
#include "kernels/image_prepare/problem.hpp"

namespace allconv {

// Throws Error{usage} when the preparation asks for what this version does not apply: global
// contrast normalisation, whitening, a mean for each pixel.
void check_preparation(const Preparation& prepare);
void check_preparation(const Model& model);

// Scale, mean and deviation in single precision.
kernels::PixelScaling pixel_scaling(const Preparation& prepare);

// The same as the kernel takes them; the caller fills in images, moves and dst. The preparation is
// checked.
kernels::ImagePrepare::Arguments image_prepare_arguments(const Preparation& prepare);

}  // namespace allconv
