// Loads (8, 8) matrices of 16-bit elements from shared memory into the fragments of mma.cuh.
// (PTX ISA: ldmatrix.)
//
// All 32 threads of the warp must call together. Lane 8 * i + j gives the address of row j of
// matrix i: 16 bytes, aligned to 16, in shared memory; the addresses of the other lanes are
// ignored. Matrix i arrives in r[i]: its row lane / 4, columns 2 * (lane % 4) and + 1, the first in
// the low half. The forms `_trans` transpose each matrix on the way: rows 2 * (lane % 4) and + 1,
// column lane / 4.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#ifdef ALLCONV_SIMT
#include <simt/ldmatrix.hpp>
#else

namespace allconv::kernels::ptx {

__device__ __forceinline__ void ldmatrix_x4(std::uint32_t (&r)[4], const void* row) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}

__device__ __forceinline__ void ldmatrix_x2(std::uint32_t (&r)[2], const void* row) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(address)
               : "memory");
}

__device__ __forceinline__ void ldmatrix_x4_trans(std::uint32_t (&r)[4], const void* row) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}

__device__ __forceinline__ void ldmatrix_x2_trans(std::uint32_t (&r)[2], const void* row) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(address)
               : "memory");
}

}  // namespace allconv::kernels::ptx

#endif
