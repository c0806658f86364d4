// Batch: what one run of a plan reads and writes, all of it the caller's memory.
#pragma once

#include <cstdint>

#include "engine/runtime/device_copy.hpp"
#include "kernels/image_gather/problem.hpp"
#include "kernels/image_prepare/problem.hpp"
#include "kernels/image_warp/problem.hpp"
#include "kernels/unit_signal/problem.hpp"

namespace allconv {

using kernels::PixelScaling;

// What of a batch lies on the plan's GPU, in the program's own memory.
struct DeviceBatch {
  // In the place of input or pixels: bytes of (h,w,3), or fp32 values of the prepared input, as the
  // executor was made for; null: images come from the host.
  const void* images = nullptr;
  kernels::ImageStrides strides;
  // Where results stay; null: not wanted there.
  float* logits = nullptr;         // (images,classes)
  float* probabilities = nullptr;  // (images,classes)
  // The program's: the batch is computed behind what it holds, and what it gets later runs behind
  // the batch.
  StreamHandle stream = nullptr;
};

// Pointers are borrowed for the call; shapes count `images` images. Null: not given, not wanted.
struct Batch {
  int images = 0;

  // Input, one of the two.
  const float* input = nullptr;                 // (images,h,w,c) prepared
  const std::uint8_t* const* pixels = nullptr;  // (images) pointers, each to (h,w,3)
  std::int64_t pixel_pitch = 0;                 // bytes from row to row of an image; 0: 3 w
  // On a GPU in training only.
  const kernels::ImageMove* moves = nullptr;  // (images), of either
  const kernels::ImageWarp* warps = nullptr;  // (images), for pixels without gaps; no moves then
  PixelScaling scaling;                       // for pixels

  const std::int32_t* labels = nullptr;  // (images), training
  // (images), explain, within the map where the signal starts; null: its largest unit, which of
  // logits is the predicted class.
  const kernels::UnitChoice* units = nullptr;

  const DeviceBatch* device = nullptr;  // on a GPU; null: all is on the host

  // Output.
  float* logits = nullptr;                 // (images,classes)
  float* probabilities = nullptr;          // (images,classes)
  float* losses = nullptr;                 // (images), training: cross-entropy in nats
  float* input_gradient = nullptr;         // (images,h,w,c), explain
  kernels::UnitFound* found = nullptr;     // (images), explain: what the signal started from
  float* peaks = nullptr;                  // (images,c) of the layer, peaks
  std::int32_t* peak_positions = nullptr;  // (images,c), row * width + column

  // Dropout.
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

}  // namespace allconv
