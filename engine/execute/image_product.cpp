#include "engine/execute/image_product.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include "engine/execute/cuda_factory.hpp"
#include "kernels/conv2d/problem.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv {

namespace {

// A 1x1 convolution of images of one pixel, with the elements of an image as channels.
class CpuImageProduct final : public ImageProduct {
 public:
  CpuImageProduct(std::span<const float> matrix, const kernels::Conv2dProblem& problem,
                  const kernels::RowLimits& limits, ThreadPool& pool)
      : max_images_(problem.n),
        pool_(pool),
        kernel_(kernels::prepare_first_runnable<kernels::Conv2dForward>(problem, limits)),
        weights_(kernel_->packed_weights_bytes()),
        bias_(static_cast<std::size_t>(problem.k)) {
    kernel_->pack_weights(matrix.data(), weights_.data());
    for (int i = 0; i < pool.threads(); ++i) scratch_.emplace_back(kernel_->workspace_bytes());
  }

  // Each thread takes some whole images, which read the matrix once; few images share its parts.
  void run(const float* src, int images, float* dst) override {
    const int parts_per_image = kernel_->parts() / max_images_;
    const int threads = pool_.threads();
    const bool by_images = images >= 2 * threads;
    const int tasks = by_images ? threads : images * parts_per_image;
    pool_.parallel_for(tasks, [&](int task, int thread) {
      const kernels::Interval share =
          by_images ? kernels::Interval{images * task / tasks * parts_per_image,
                                        images * (task + 1) / tasks * parts_per_image}
                    : kernels::Interval{task, task + 1};
      kernel_->run_parts({scratch_[static_cast<std::size_t>(thread)].span()},
                         {.src = src, .weights = weights_.data(), .bias = bias_.data(), .dst = dst},
                         share);
    });
  }

 private:
  int max_images_;
  ThreadPool& pool_;
  std::unique_ptr<const kernels::PreparedKernel<kernels::Conv2dForward>> kernel_;
  kernels::Buffer<std::byte> weights_;               // in the kernel's form
  std::vector<float> bias_;                          // zero
  std::vector<kernels::Buffer<std::byte>> scratch_;  // one a thread
};

}  // namespace

std::unique_ptr<ImageProduct> make_image_product(std::span<const float> matrix, int max_images,
                                                 const PlanOptions& options, ThreadPool& pool) {
  kernels::Conv2dProblem problem;
  problem.n = max_images;
  problem.c = problem.k = static_cast<int>(std::lround(std::sqrt(matrix.size())));
  if (options.gpu) return make_cuda_image_product(matrix, problem, options);
  // Whitening multiplies small differences of large values: it is fp32 in every precision.
  kernels::RowLimits limits = options.limits;
  limits.precision = kernels::Precision::fp32;
  return std::make_unique<CpuImageProduct>(matrix, problem, limits, pool);
}

}  // namespace allconv
