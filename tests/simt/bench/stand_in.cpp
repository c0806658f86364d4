#include "tests/simt/bench/stand_in.hpp"

#include <algorithm>
#include <stdexcept>

namespace allconv::kernels {

namespace {

void copy(const StandInProblem& problem, const StandIn::Arguments& arguments, int /*part*/) {
  std::copy_n(arguments.src, problem.count, arguments.dst);
}

class CopyKernel final : public CudaPreparedKernel<StandIn> {
 public:
  CopyKernel(const StandInProblem& problem, int times)
      : bytes_(static_cast<std::size_t>(problem.count) * sizeof(float)), times_(times) {}

  cudaError_t run(const CudaContext& context,
                  const StandIn::DeviceArguments& arguments) const override {
    if (times_ == 0) return cudaMemsetAsync(arguments.dst, 0, bytes_, context.stream);
    for (int i = 0; i < times_; ++i) {
      const cudaError_t answer = cudaMemcpyAsync(arguments.dst, arguments.src, bytes_,
                                                 cudaMemcpyDeviceToDevice, context.stream);
      if (answer != cudaSuccess) return answer;
    }
    return cudaSuccess;
  }

 private:
  std::size_t bytes_;
  int times_;
};

using Prepared = std::unique_ptr<const CudaPreparedKernel<StandIn>>;

// Two ways of equal names would be one: the copies are told by the plan's text.
std::vector<LibraryWay> ways(const DeviceProblem<StandIn>&, const WayRequest&) {
  return {{.label = "engine 1", .plan = "1"},
          {.label = "engine 3", .plan = "300"},
          {.label = "wrong", .plan = "0"},
          {.label = "damaged", .plan = ""}};
}

Prepared prepare(const DeviceProblem<StandIn>& problem, const WayRequest&, const LibraryWay& way) {
  if (way.plan.empty()) throw std::runtime_error("the plan is damaged");
  return std::make_unique<CopyKernel>(problem.problem, std::stoi(way.plan));
}

std::vector<LibraryWay> no_ways(const DeviceProblem<StandIn>&, const WayRequest&) {
  throw std::runtime_error("the library is too old");
}

}  // namespace

KernelTable<StandIn> kernel_table(StandIn) {
  static constexpr Kernel<StandIn> kRows[] = {
      plain_row<StandIn, copy>("stand_in_reference", Isa::portable, NumericClass::exact)};
  return kRows;
}

CudaKernelTable<StandIn> cuda_kernel_table(StandIn) {
  static constexpr auto kPrepare = [](const DeviceProblem<StandIn>& problem) -> Prepared {
    return std::make_unique<CopyKernel>(problem.problem, 1);
  };
  static constexpr CudaKernel<StandIn> kRows[] = {
      {.name = "stand_in_cuda_sm100",
       .least_capability = 100,
       .accepts = cuda_accepts_all<StandIn>,
       .prepare = kPrepare},
      {.name = "stand_in_cuda_atomic",
       .deterministic = false,
       .accepts = cuda_accepts_all<StandIn>,
       .prepare = kPrepare},
      {.name = "stand_in_cuda", .accepts = cuda_accepts_all<StandIn>, .prepare = kPrepare}};
  return kRows;
}

LibraryKernelTable<StandIn> library_kernel_table(StandIn) {
  static constexpr LibraryKernel<StandIn> kCudnn{.name = "stand_in_cudnn",
                                                 .accepts = cuda_accepts_all<StandIn>,
                                                 .ways = ways,
                                                 .prepare = prepare};
  static constexpr LibraryKernel<StandIn> kCublasLt{.name = "stand_in_cublaslt",
                                                    .accepts = cuda_accepts_all<StandIn>,
                                                    .ways = no_ways,
                                                    .prepare = prepare};
  static constexpr const LibraryKernel<StandIn>* kRows[] = {&kCudnn, &kCublasLt};
  return kRows;
}

}  // namespace allconv::kernels

namespace allconv {

Results bind_operation(const kernels::StandInProblem& problem, std::size_t, Tensors& tensors,
                       kernels::StandIn::Arguments& arguments) {
  arguments = {.src = tensors.floats(problem.count), .dst = tensors.zeros<float>(problem.count)};
  return {.floats = {arguments.dst, static_cast<std::size_t>(problem.count)}};
}

void bind_on_device(const HostSide<kernels::StandIn>& host, DeviceTensors& tensors,
                    kernels::StandIn::DeviceArguments& device) {
  device = {.src = tensors.same(host.arguments.src, host.problem.count),
            .dst = tensors.same(host.arguments.dst, host.problem.count)};
}

}  // namespace allconv
