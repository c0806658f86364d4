// The executors for GPUs, in programs that were built with CUDA; in others these functions throw
// Error{device}.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "engine/execute/image_product.hpp"
#include "engine/execute/memory_need.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/execute/training_executor.hpp"

namespace allconv {

// options.gpu names the GPU. Where the options have a session, what it does not know is timed
// first.
std::unique_ptr<NetworkExecutor> make_cuda_executor(const Graph& graph, int max_batch,
                                                    BatchInput input, const PlanOptions& options);
std::unique_ptr<TrainingExecutor> make_cuda_training(const Graph& graph, const Parameters& initial,
                                                     int max_batch, BatchInput input,
                                                     const PlanOptions& options);

// The matrix product that `problem` is, of images in fp32 whatever the options' precision.
std::unique_ptr<ImageProduct> make_cuda_image_product(std::span<const float> matrix,
                                                      const kernels::Conv2dProblem& problem,
                                                      const PlanOptions& options);

// Times what the options' session must know for such an executor, which then begins at once.
void tune_for_cuda(const Graph& graph, int images, BatchInput input, const PlanOptions& options);

// The plan of such an executor, made without a GPU: nothing is timed.
std::shared_ptr<const Plan> describe_cuda_plan(const Graph& graph, int images, BatchInput input,
                                               const PlanOptions& options);

// What such an executor takes, or one that trains. Nothing is timed or taken.
MemoryNeed cuda_memory_need(const Graph& graph, int images, BatchInput input,
                            const PlanOptions& options);

// What could compute each convolution of that plan, as text; the options may name libraries. A GPU
// without a description is one that its architecture's data sheets describe.
std::string describe_cuda_candidates(const Graph& graph, int images, BatchInput input,
                                     const PlanOptions& options);

}  // namespace allconv
