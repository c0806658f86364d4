// Dynamic shared memory: the one way by which kernels reach the bytes that LaunchShape asks for.
#pragma once

#include <cuda_runtime.h>

#ifdef ALLCONV_SIMT
#include <simt/shared.hpp>
#else

namespace allconv::kernels {

// The block's dynamic shared memory, aligned to 128 bytes. Undefined until the block writes it.
// Every call of a block answers the same address, whatever T is.
template <class T>
__device__ __forceinline__ T* dynamic_shared_memory() {
  extern __shared__ __align__(128) unsigned char dynamic_bytes[];
  return reinterpret_cast<T*>(dynamic_bytes);
}

}  // namespace allconv::kernels

#endif
