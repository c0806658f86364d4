// bench_operation() on a GPU, in programs that were built with CUDA; in others these functions
// throw Error{device}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/operation_bench.hpp"

namespace allconv {

// The operations that have kernels for GPUs.
std::vector<std::string> gpu_operation_names();

// As bench_operation(); options.gpu names the GPU.
OperationBenchResult bench_gpu_operation(std::string_view operation, std::string_view problem,
                                         const OperationBenchOptions& options);

}  // namespace allconv
