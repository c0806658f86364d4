// MemoryNeed: the bytes that an executor takes when it is made, known from its plan before.
#pragma once

#include <cstddef>

#include "engine/execute/network_executor.hpp"
#include "engine/plan/plan.hpp"

namespace allconv {

struct MemoryNeed {
  std::size_t host = 0;
  std::size_t device = 0;  // of a GPU

  MemoryNeed& operator+=(const MemoryNeed& other) {
    host += other.host;
    device += other.device;
    return *this;
  }
};

// Of the CPU's executor of a plan, for batches of up to `max_batch` images: arenas, scratch, and
// weights, gradients and velocities in the kernels' forms.
MemoryNeed memory_need(const Plan& plan, int max_batch, int threads);

// Of the executor, training or not, that the options' device would have for such batches. On a GPU
// without what libraries take, and before a clock has chosen kernels. Throws as make_plan() does.
MemoryNeed memory_need(const Graph& graph, int batch_size, BatchInput input,
                       const PlanOptions& options);

}  // namespace allconv
