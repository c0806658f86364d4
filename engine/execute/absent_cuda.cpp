// The executors for GPUs in a program that was built without CUDA.
#include "engine/execute/cuda_factory.hpp"
#include "engine/runtime/gpu.hpp"

namespace allconv {

namespace {

[[noreturn]] void refuse() { refuse_device(find_gpu(0), "--device cuda"); }

}  // namespace

std::unique_ptr<NetworkExecutor> make_cuda_executor(const Graph& /*graph*/, int /*max_batch*/,
                                                    BatchInput /*input*/,
                                                    const PlanOptions& /*options*/) {
  refuse();
}

std::unique_ptr<TrainingExecutor> make_cuda_training(const Graph& /*graph*/,
                                                     const Parameters& /*initial*/,
                                                     int /*max_batch*/, BatchInput /*input*/,
                                                     const PlanOptions& /*options*/) {
  refuse();
}

void tune_for_cuda(const Graph& /*graph*/, int /*images*/, BatchInput /*input*/,
                   const PlanOptions& /*options*/) {
  refuse();
}

std::unique_ptr<ImageProduct> make_cuda_image_product(std::span<const float> /*matrix*/,
                                                      const kernels::Conv2dProblem& /*problem*/,
                                                      const PlanOptions& /*options*/) {
  refuse();
}

std::shared_ptr<const Plan> describe_cuda_plan(const Graph& /*graph*/, int /*images*/,
                                               BatchInput /*input*/,
                                               const PlanOptions& /*options*/) {
  refuse();
}

MemoryNeed cuda_memory_need(const Graph& /*graph*/, int /*images*/, BatchInput /*input*/,
                            const PlanOptions& /*options*/) {
  refuse();
}

std::string describe_cuda_candidates(const Graph& /*graph*/, int /*images*/, BatchInput /*input*/,
                                     const PlanOptions& /*options*/) {
  refuse();
}

}  // namespace allconv
