// InputTransform: what a preparation does to an image beyond scale, mean and deviation of colours,
// which are the network's first step: global contrast normalisation, a mean for each pixel, and
// whitening.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/execute/batch.hpp"
#include "engine/execute/image_product.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv {

// Global contrast normalisation of one image, in place: minus its mean, over its L2 norm divided by
// `scale`; a divisor below `epsilon` becomes 1 (Goodfellow et al. 2013, arXiv 1302.4389).
template <class Real>
void normalise_contrast(std::span<Real> image, const Preparation::GlobalContrast& contrast);

// Used by one thread at a time; the pool must outlive it.
class InputTransform {
 public:
  // Whether the model's preparation is more than scale, mean and deviation of colours.
  static bool is_needed(const Model& model);

  // Bytes that one takes; where it whitens about, since the device's kernel has its own form of the
  // matrix.
  static std::size_t bytes(const Model& model, int max_batch);

  // Null where the model's preparation needs none. `max_batch` bounds Batch::images.
  // Whitening is computed on the options' device, the rest by the pool.
  static std::unique_ptr<InputTransform> of(const Model& model, int max_batch,
                                            const PlanOptions& options, ThreadPool& pool);

  // The whole preparation, also where scale, mean and deviation of colours are all of it.
  static std::unique_ptr<InputTransform> whole(const Model& model, int max_batch,
                                               const PlanOptions& options, ThreadPool& pool);

  // Reads the batch's pixels, and gives it the prepared input in their place, (images,h,w,c), valid
  // until the next call. An image's bits depend on the image alone. On the CPU it allocates
  // nothing.
  void apply(Batch& batch);

 private:
  InputTransform(const Model& model, int max_batch, const PlanOptions& options, ThreadPool& pool);
  std::size_t floats() const { return static_cast<std::size_t>(shape_.size()); }  // of an image
  void prepare_image(const Batch& batch, int image);

  Shape shape_;
  std::optional<Preparation::GlobalContrast> contrast_;
  kernels::ImagePrepare::Arguments arguments_;
  ThreadPool& pool_;
  std::unique_ptr<const kernels::PreparedKernel<kernels::ImagePrepare>> scale_;  // of one image
  kernels::Buffer<float> scaled_;         // (max_batch,h,w,c)
  std::vector<float> mean_;               // (h,w,c); empty: none
  std::unique_ptr<ImageProduct> whiten_;  // null: no whitening
  kernels::Buffer<float> whitened_;       // (max_batch,h,w,c)
};

}  // namespace allconv
