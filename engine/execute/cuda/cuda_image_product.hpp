// CudaImageProduct: one matrix applied to every image of a batch on a GPU. The batch goes there and
// comes back: what it is next, moved or rounded, is the host's to say.
#pragma once

#include <memory>
#include <span>

#include "engine/execute/image_product.hpp"
#include "engine/plan/plan.hpp"
#include "engine/runtime/cuda/resources.hpp"
#include "kernels/conv2d/problem.hpp"
#include "kernels/core/cuda_kernel.hpp"
#include "kernels/libraries/gpu_libraries.hpp"

namespace allconv {

class CudaImageProduct final : public ImageProduct {
 public:
  // The GPU must be the thread's current one.
  CudaImageProduct(std::span<const float> matrix, const kernels::Conv2dProblem& problem,
                   const PlanOptions& options);
  ~CudaImageProduct() override;

  void run(const float* src, int images, float* dst) override;

 private:
  kernels::Conv2dProblem problem_;
  int gpu_;
  cuda::Stream stream_;
  std::shared_ptr<const kernels::CudaPreparedKernel<kernels::Conv2dForward>> kernel_;
  kernels::GpuLibraries libraries_;                         // those that start
  std::unique_ptr<const kernels::LibraryHandles> handles_;  // null: there are none
  cuda::DeviceMemory bias_;                                 // zero
  cuda::DeviceMemory packed_, scratch_;                     // as the kernel wants them
  cuda::DeviceMemory src_, dst_;                            // (problem_.n, size)
  cuda::PinnedMemory staging_;                              // (problem_.n, size)
};

}  // namespace allconv
