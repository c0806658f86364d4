// Dynamic shared memory: kernels/core/cuda_shared.cuh without a GPU.
#pragma once

#include "tests/simt/device.hpp"

namespace allconv::kernels {

template <class T>
T* dynamic_shared_memory() {
  return reinterpret_cast<T*>(simt::dynamic_shared());
}

}  // namespace allconv::kernels
