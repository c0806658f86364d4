// ImageProduct: one matrix applied to every image of a batch, on the device of the plan options.
// Whitening is such a product; its matrix is larger than all weights of a network.
#pragma once

#include <memory>
#include <span>

#include "engine/plan/plan.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"

namespace allconv {

// Used by one thread at a time.
class ImageProduct {
 public:
  virtual ~ImageProduct() = default;

  // dst[i] = matrix * src[i] in fp32 of `images` images, at most those it was made for; an image's
  // bits depend on the image alone. src and dst (images, size) are different memory of the host.
  virtual void run(const float* src, int images, float* dst) = 0;
};

// `matrix` (size, size), a row an output; copied. The pool must outlive the product. Throws
// Error{device} where the GPU's memory does not do.
std::unique_ptr<ImageProduct> make_image_product(std::span<const float> matrix, int max_images,
                                                 const PlanOptions& options, ThreadPool& pool);

}  // namespace allconv
