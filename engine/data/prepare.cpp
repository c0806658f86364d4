#include "engine/data/prepare.hpp"

#include <algorithm>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

[[noreturn]] void throw_not_applied(const char* what) {
  throw Error(ErrorKind::usage, std::string("this version does not apply ") + what + " yet",
              "allconv.prepare", "use a model that was trained with none or standardize");
}

}  // namespace

void check_preparation(const Preparation& prepare) {
  if (prepare.gcn || prepare.zca) throw_not_applied("GCN or ZCA whitening");
}

void check_preparation(const Model& model) {
  check_preparation(model.prepare);
  const bool pixel_mean =
      std::any_of(model.other_tensors.begin(), model.other_tensors.end(),
                  [](const OtherTensor& tensor) { return tensor.name == "prepare.mean"; });
  if (pixel_mean) throw_not_applied("a mean for each pixel");
}

kernels::PixelScaling pixel_scaling(const Preparation& prepare) {
  kernels::PixelScaling scaling{.scale = static_cast<float>(prepare.scale)};
  for (std::size_t c = 0; c < 3; ++c) {
    scaling.mean[c] = static_cast<float>(prepare.mean[c]);
    scaling.std[c] = static_cast<float>(prepare.std[c]);
  }
  return scaling;
}

kernels::ImagePrepare::Arguments image_prepare_arguments(const Preparation& prepare) {
  check_preparation(prepare);
  const kernels::PixelScaling scaling = pixel_scaling(prepare);
  kernels::ImagePrepare::Arguments arguments = {};
  arguments.scale = scaling.scale;
  std::copy_n(scaling.mean, 3, arguments.mean);
  std::copy_n(scaling.std, 3, arguments.std);
  return arguments;
}

}  // namespace allconv
