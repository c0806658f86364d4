#include "engine/execute/cuda_factory.hpp"

#include "engine/execute/cuda/cuda_executor.hpp"
#include "engine/execute/cuda/cuda_image_product.hpp"
#include "engine/execute/cuda/cuda_training.hpp"
#include "engine/execute/cuda/plan_maker.hpp"
#include "engine/plan/cuda/candidate_text.hpp"
#include "engine/plan/cuda/gpu_description.hpp"

namespace allconv {

std::unique_ptr<NetworkExecutor> make_cuda_executor(const Graph& graph, int max_batch,
                                                    BatchInput input, const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaExecutor>(make_ready_plan(graph, max_batch, input, options),
                                        options.trace);
}

std::unique_ptr<TrainingExecutor> make_cuda_training(const Graph& graph, const Parameters& initial,
                                                     int max_batch, BatchInput input,
                                                     const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaTraining>(make_ready_plan(graph, max_batch, input, options), initial,
                                        options.trace);
}

std::unique_ptr<ImageProduct> make_cuda_image_product(std::span<const float> matrix,
                                                      const kernels::Conv2dProblem& problem,
                                                      const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaImageProduct>(matrix, problem, options);
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

MemoryNeed cuda_memory_need(const Graph& graph, int images, BatchInput input,
                            const PlanOptions& options) {
  return cuda_memory_need(*make_unready_plan(graph, images, input, options));
}

std::string describe_cuda_candidates(const Graph& graph, int images, BatchInput input,
                                     const PlanOptions& options) {
  PlanOptions described = options;
  std::string& description = described.gpu->description;
  if (description.empty()) {
    description = cudnn_device_json(gpu_description(options.gpu->capability));
  }
  return candidates_text(*make_unready_plan(graph, images, input, described), described);
}

}  // namespace allconv
