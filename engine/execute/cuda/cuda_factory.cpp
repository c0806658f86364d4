#include "engine/execute/cuda_factory.hpp"

#include "engine/execute/cuda/cuda_executor.hpp"
#include "engine/execute/cuda/cuda_image_product.hpp"
#include "engine/execute/cuda/cuda_training.hpp"
#include "engine/execute/cuda/cuda_tuner.hpp"
#include "engine/plan/cuda/candidate_text.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"
#include "engine/plan/cuda/gpu_description.hpp"
#include "engine/plan/tuning_session.hpp"

namespace allconv {

namespace {

std::shared_ptr<const CudaPlan> plan_of(const Graph& graph, int images, BatchInput input,
                                        const PlanOptions& options) {
  const bool pixels = input == BatchInput::pixels;
  return make_cuda_plan(graph, images, pixels ? DeviceInput::pixels : DeviceInput::prepared,
                        options);
}

// Whether there were some.
bool forget_stale_answers(const CudaPlan& plan, TuningSession& session) {
  if (plan.stale_answers.empty()) return false;
  for (const TuningKey& key : plan.stale_answers) session.forget(key);
  if (const Diagnostics& diagnostics = session.settings().diagnostics) {
    diagnostics(Severity::warning,
                "a library refuses what the tuning file says of " +
                    std::to_string(plan.stale_answers.size()) +
                    " convolutions, of another version of it maybe; they are timed anew");
  }
  return true;
}

// What the session does not know is timed first. The GPU must be the thread's current one.
std::shared_ptr<const CudaPlan> tuned_plan_of(const Graph& graph, int images, BatchInput input,
                                              const PlanOptions& options) {
  auto plan = plan_of(graph, images, input, options);
  if (options.session == nullptr || options.deterministic) return plan;
  const bool forgotten = forget_stale_answers(*plan, *options.session);
  const bool learned = tune_unknown(*plan, options);
  return forgotten || learned ? plan_of(graph, images, input, options) : plan;
}

}  // namespace

std::unique_ptr<NetworkExecutor> make_cuda_executor(const Graph& graph, int max_batch,
                                                    BatchInput input, const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaExecutor>(tuned_plan_of(graph, max_batch, input, options));
}

std::unique_ptr<TrainingExecutor> make_cuda_training(const Graph& graph, const Parameters& initial,
                                                     int max_batch, BatchInput input,
                                                     const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaTraining>(tuned_plan_of(graph, max_batch, input, options), initial);
}

std::unique_ptr<ImageProduct> make_cuda_image_product(std::span<const float> matrix,
                                                      const kernels::Conv2dProblem& problem,
                                                      const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  return std::make_unique<CudaImageProduct>(matrix, problem, options);
}

void tune_for_cuda(const Graph& graph, int images, BatchInput input, const PlanOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  static_cast<void>(tuned_plan_of(graph, images, input, options));
}

std::shared_ptr<const Plan> describe_cuda_plan(const Graph& graph, int images, BatchInput input,
                                               const PlanOptions& options) {
  const auto plan = plan_of(graph, images, input, options);
  return {plan, &plan->plan};
}

std::string describe_cuda_candidates(const Graph& graph, int images, BatchInput input,
                                     const PlanOptions& options) {
  PlanOptions described = options;
  std::string& description = described.gpu->description;
  if (description.empty()) {
    description = cudnn_device_json(gpu_description(options.gpu->capability));
  }
  return candidates_text(*plan_of(graph, images, input, described), described);
}

}  // namespace allconv
