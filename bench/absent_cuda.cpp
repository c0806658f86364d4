// Benchmarks of a GPU's kernels in a program that was built without CUDA.
#include "bench/gpu_operation_bench.hpp"
#include "engine/runtime/gpu.hpp"

namespace allconv {

namespace {

[[noreturn]] void refuse() { refuse_device(find_gpu(0), "--device cuda"); }

}  // namespace

std::vector<std::string> gpu_operation_names() { refuse(); }

OperationBenchResult bench_gpu_operation(std::string_view /*operation*/,
                                         std::string_view /*problem*/,
                                         const OperationBenchOptions& /*options*/) {
  refuse();
}

}  // namespace allconv
