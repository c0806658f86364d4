// What one core of this machine can do at most, measured on the spot: the yardstick of a kernel.
#pragma once

#include "kernels/core/isa.hpp"

namespace allconv {

struct DeviceLimits {
  double gflops = 0;          // fp32 fused multiply-adds, two operations each, in registers
  double read_gigabytes = 0;  // per second, from memory
};

// Takes about 0.2 s. One thread.
DeviceLimits measure_device_limits(kernels::Isa isa);

}  // namespace allconv
