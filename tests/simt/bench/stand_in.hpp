// An operation that stands in for those with rows of libraries: dst is a copy of src. Its libraries
// have a way that is right, one that does the work three times, one that is wrong, and one that
// cannot be made; and one library fails.
#pragma once

#include <cstdint>
#include <string_view>

#include "bench/cuda/device_data.hpp"
#include "bench/operation_data.hpp"
#include "kernels/core/library_kernel.hpp"

namespace allconv::kernels {

struct StandInProblem {
  std::int64_t count = 1;

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("count", self.count);
  }

  constexpr double flops() const { return static_cast<double>(count); }
  constexpr double bytes() const { return 8.0 * static_cast<double>(count); }
};

struct StandIn {
  static constexpr std::string_view kName = "stand_in";
  using Problem = StandInProblem;
  struct Arguments {
    const float* src;  // (count)
    float* dst;        // (count)
  };
  using DeviceArguments = Arguments;
};

KernelTable<StandIn> kernel_table(StandIn);
CudaKernelTable<StandIn> cuda_kernel_table(StandIn);
LibraryKernelTable<StandIn> library_kernel_table(StandIn);

}  // namespace allconv::kernels

namespace allconv {

Results bind_operation(const kernels::StandInProblem& problem, std::size_t packed_bytes,
                       Tensors& tensors, kernels::StandIn::Arguments& arguments);
void bind_on_device(const HostSide<kernels::StandIn>& host, DeviceTensors& tensors,
                    kernels::StandIn::DeviceArguments& device);

}  // namespace allconv
