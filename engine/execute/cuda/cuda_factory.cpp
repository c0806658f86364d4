#include "engine/execute/cuda_factory.hpp"

#include "engine/execute/cuda/cuda_executor.hpp"
#include "engine/execute/cuda/cuda_training.hpp"
#include "engine/execute/cuda/plan_maker.hpp"

namespace allconv {

std::unique_ptr<NetworkExecutor> make_cuda_executor(const Graph& graph, int max_batch,
                                                    BatchInput input, const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaExecutor>(make_ready_plan(graph, max_batch, input, options));
}

std::unique_ptr<TrainingExecutor> make_cuda_training(const Graph& graph, const Parameters& initial,
                                                     int max_batch, BatchInput input,
                                                     const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaTraining>(make_ready_plan(graph, max_batch, input, options), initial);
}

void tune_for_cuda(const Graph& graph, int images, BatchInput input, const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  static_cast<void>(make_ready_plan(graph, images, input, options));
}

std::shared_ptr<const Plan> describe_cuda_plan(const Graph& graph, int images, BatchInput input,
                                               const PlanOptions& options) {
  const auto plan = make_unready_plan(graph, images, input, options);
  return {plan, &plan->plan};
}

}  // namespace allconv
