#include "engine/execute/memory_need.hpp"

#include <algorithm>

#include "engine/execute/cuda_factory.hpp"
#include "kernels/core/geometry.hpp"
#include "kernels/sgd/problem.hpp"

namespace allconv {

MemoryNeed memory_need(const Plan& plan, int max_batch, int threads) {
  const int micro_batches = kernels::divide_up(std::max(1, max_batch), plan.images);
  const auto workers = static_cast<std::size_t>(std::min(threads, micro_batches));
  std::size_t bytes = plan.arena_bytes * workers +
                      plan.workspace_bytes * static_cast<std::size_t>(threads) +
                      plan.packed_weights_bytes;
  if (plan.graph.mode == PassMode::training) {
    // Accumulators; then weights and velocities, which have the same layout.
    const int lanes = std::min(kernels::GradientSum::kMaxLanes, micro_batches) + 2;
    bytes += plan.gradient_lane_bytes * static_cast<std::size_t>(lanes);
  }
  return {.host = bytes, .device = 0};
}

MemoryNeed memory_need(const Graph& graph, int batch_size, BatchInput input,
                       const PlanOptions& options) {
  if (options.gpu) return cuda_memory_need(graph, batch_size, input, options);
  return memory_need(*make_batch_plan(graph, batch_size, options), batch_size, options.threads);
}

}  // namespace allconv
