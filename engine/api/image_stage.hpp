// ImageStage: the caller's images, whatever their layout and size, as executors take them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "allconv/allconv.h"
#include "engine/execute/batch.hpp"
#include "engine/prepare/resize.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "engine/runtime/device_copy.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv::api {

kernels::ImageStrides strides_of(const allconv_images& images);

struct GpuPlace {
  int gpu = 0;
  StreamHandle stream = nullptr;
};

// Used by one thread at a time. The pool must outlive it.
class ImageStage {
 public:
  // Holds up to `batch_size` images of the target's size, of floats where they come prepared.
  ImageStage(const ImageTarget& target, bool prepared, int batch_size, ThreadPool& pool);

  // Bytes that it takes.
  static std::size_t bytes(const ImageTarget& target, bool prepared, int batch_size);

  // Throws Error{usage} for a view that is none, or not of the elements promised.
  void check(const allconv_images& images) const;

  // Images [first, first + count) of a checked view on the host, at most a batch, become the
  // batch's pixels or input. Where they lie as executors take them nothing is copied; else they are
  // valid until the next call.
  void place(const allconv_images& images, std::int64_t first, int count, Batch& batch);

  // The same of a view on a GPU, by way of a copy of what it spans.
  void fetch(const allconv_images& images, std::int64_t first, int count, const GpuPlace& from,
             Batch& batch);

 private:
  void place_pixels(const allconv_images& images, std::int64_t first, Batch& batch);
  void place_floats(const allconv_images& images, std::int64_t first, Batch& batch);

  ImageTarget target_;
  bool prepared_;
  ThreadPool& pool_;
  kernels::Buffer<std::uint8_t> pixels_;       // (batch,h,w,3), unless images come prepared
  kernels::Buffer<float> floats_;              // (batch,h,w,3), where they do
  std::vector<const std::uint8_t*> pointers_;  // (batch)
  std::vector<std::byte> fetched_;             // from a GPU
};

}  // namespace allconv::api
