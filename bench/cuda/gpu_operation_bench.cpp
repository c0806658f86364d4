#include "bench/gpu_operation_bench.hpp"

#include "bench/cuda/gpu_bench.hpp"
#include "bench/problem_check.hpp"
#include "kernels/libraries/gpu_libraries.hpp"

namespace allconv {

namespace {

// Calls visit(Operation{}) for every operation that has kernels on GPUs and a reference on CPUs.
template <class Visit>
void for_each_gpu_operation(const Visit& visit) {
  using namespace kernels;  // NOLINT: operations
  const auto each = [&visit]<class... Operations>(Operations... operations) {
    (visit(operations), ...);
  };
  each(ImagePrepare{}, ImageWarping{}, Conv2dForward{}, Conv2dPixelsForward{}, Conv2dDataGradient{},
       Conv2dWeightGradient{}, ReluForward{}, ReluBackward{}, Dropout{}, MaxPoolForward{},
       MaxPoolBackward{}, GlobalAveragePoolForward{}, GlobalAveragePoolBackward{},
       SoftmaxCrossEntropyForward{}, SoftmaxCrossEntropyBackward{}, ClassifierHead{}, Sgd{},
       GradientCheck{}, TopK{}, ChannelPeak{});
}

// The libraries are started on the current GPU where the operation has rows of theirs; those that
// do not start are noted.
template <class Operation>
OperationBenchResult bench(const typename Operation::Problem& problem,
                           const OperationBenchOptions& options) {
  LibraryAccess access{.device = options.gpu_description, .notes = {}};
  if constexpr (HasLibraryKernels<Operation>) {
    if (options.libraries != nullptr) {
      kernels::GpuLibraries started = *options.libraries;
      const kernels::LibraryHandles handles(started);
      access.libraries = &started;
      access.handles = &handles;
      access.notes = started.notes;
      return GpuBench<Operation>(problem, options, access).run();
    }
  }
  return GpuBench<Operation>(problem, options, access).run();
}

}  // namespace

std::vector<std::string> gpu_operation_names() {
  std::vector<std::string> names;
  for_each_gpu_operation([&]<class Operation>(Operation) { names.emplace_back(Operation::kName); });
  return names;
}

OperationBenchResult bench_gpu_operation(std::string_view operation, std::string_view problem,
                                         const OperationBenchOptions& options) {
  const cuda::OnGpu on(options.gpu->index);
  std::optional<OperationBenchResult> result;
  for_each_gpu_operation([&]<class Operation>(Operation) {
    if (operation != Operation::kName) return;
    const auto parsed = read_problem<typename Operation::Problem>(problem);
    result = bench<Operation>(parsed, options);
  });
  if (result) return *result;
  refuse_operation(operation, gpu_operation_names());
}

}  // namespace allconv
