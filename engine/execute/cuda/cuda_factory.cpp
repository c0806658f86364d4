#include "engine/execute/cuda_factory.hpp"

#include "engine/execute/cuda/cuda_executor.hpp"
#include "engine/execute/cuda/cuda_training.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"

namespace allconv {

namespace {

std::shared_ptr<const CudaPlan> plan_of(const Graph& graph, int images, BatchInput input,
                                        const PlanOptions& options) {
  const bool pixels = input == BatchInput::pixels;
  return make_cuda_plan(graph, images, pixels ? DeviceInput::pixels : DeviceInput::prepared,
                        options);
}

}  // namespace

std::unique_ptr<NetworkExecutor> make_cuda_executor(const Graph& graph, int max_batch,
                                                    BatchInput input, const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaExecutor>(plan_of(graph, max_batch, input, options), options.trace);
}

std::unique_ptr<TrainingExecutor> make_cuda_training(const Graph& graph, const Parameters& initial,
                                                     int max_batch, BatchInput input,
                                                     const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaTraining>(plan_of(graph, max_batch, input, options), initial,
                                        options.trace);
}

std::shared_ptr<const Plan> describe_cuda_plan(const Graph& graph, int images, BatchInput input,
                                               const PlanOptions& options) {
  const auto plan = plan_of(graph, images, input, options);
  return {plan, &plan->plan};
}

}  // namespace allconv
