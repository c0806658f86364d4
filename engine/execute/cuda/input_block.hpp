// InputBlock: what a batch brings to the GPU, in one piece of pinned memory that one copy takes
// over. The device's memory has the same layout.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/execute/batch.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"
#include "engine/runtime/cuda/resources.hpp"
#include "kernels/dropout/problem.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv {

// Numbers that change from batch to batch while launches stay: kernels read them on the device.
struct BatchValues {
  kernels::DropoutStep dropout;
  kernels::SgdStep sgd;
  float loss_scale = 1;  // of the gradient of each image's loss
};

// Offsets of the parts from the block's beginning, in bytes, multiples of 256.
struct InputLayout {
  explicit InputLayout(const CudaPlan& plan);

  std::size_t images = 0;  // (n,h,w,3) bytes, or (n,h,w,c) elements of maps
  std::size_t moves = 0;   // (n) kernels::ImageMove
  std::size_t warps = 0;   // (n) kernels::ImageWarp
  std::size_t labels = 0;  // (n), -1 where an image only fills up
  std::size_t units = 0;   // (n) kernels::UnitChoice
  std::size_t values = 0;  // BatchValues
  std::size_t bytes = 0;
};

constexpr bool has_device_images(const Batch& batch) {
  return batch.device != nullptr && batch.device->images != nullptr;
}

// Writes the batch's input into the block, but for images that lie on the GPU; the images that the
// plan has and the batch has not are copies of the first. Prepared input is rounded to the elements
// of maps.
void write_input(const CudaPlan& plan, const InputLayout& layout, const Batch& batch,
                 std::byte* block);

}  // namespace allconv
