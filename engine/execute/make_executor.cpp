// Which executor a device has.
#include "engine/execute/cpu_training.hpp"
#include "engine/execute/cuda_factory.hpp"
#include "engine/execute/executor.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/execute/training_executor.hpp"

namespace allconv {

std::unique_ptr<NetworkExecutor> make_network_executor(const Graph& graph,
                                                       const BatchBounds& bounds, BatchInput input,
                                                       const PlanOptions& options,
                                                       ThreadPool& pool) {
  if (options.gpu) return make_cuda_executor(graph, bounds.expected, input, options);
  return std::make_unique<Executor>(make_batch_plan(graph, bounds.expected, options),
                                    bounds.allowed, pool, options.trace, options.memory);
}

std::unique_ptr<TrainingExecutor> make_training_executor(const Graph& graph,
                                                         const Parameters& initial, int max_batch,
                                                         BatchInput input,
                                                         const PlanOptions& options,
                                                         ThreadPool& pool) {
  if (options.gpu) return make_cuda_training(graph, initial, max_batch, input, options);
  return std::make_unique<CpuTraining>(make_batch_plan(graph, max_batch, options), initial,
                                       max_batch, pool, options.trace, options.memory);
}

}  // namespace allconv
