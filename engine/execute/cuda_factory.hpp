// The executors for GPUs, in programs that were built with CUDA; in others these functions throw
// Error{device}.
#pragma once

#include <memory>

#include "engine/execute/network_executor.hpp"
#include "engine/execute/training_executor.hpp"

namespace allconv {

// options.gpu names the GPU.
std::unique_ptr<NetworkExecutor> make_cuda_executor(const Graph& graph, int max_batch,
                                                    BatchInput input, const PlanOptions& options);
std::unique_ptr<TrainingExecutor> make_cuda_training(const Graph& graph, const Parameters& initial,
                                                     int max_batch, BatchInput input,
                                                     const PlanOptions& options);

// The plan of such an executor, made without a GPU.
std::shared_ptr<const Plan> describe_cuda_plan(const Graph& graph, int images, BatchInput input,
                                               const PlanOptions& options);

}  // namespace allconv
