// Tensor cores: D = A * B + D by one warp, with fp32 sums. (PTX ISA: mma, "Matrix Fragments for
// mma.m16n8k16 with floating point type" and "... for mma.m16n8k8".)
//
// All 32 threads of the warp must call together. With group = lane / 4 and quad = lane % 4, a
// thread holds of D, a (16, 8) matrix of floats,
//     d[0], d[1]   row group,     columns 2 * quad, 2 * quad + 1
//     d[2], d[3]   row group + 8, the same columns.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace allconv::kernels::ptx {

// How the 16-bit halves of a register are read.
struct F16 {};
struct BF16 {};

}  // namespace allconv::kernels::ptx

#ifdef ALLCONV_SIMT
#include <simt/mma.hpp>
#else

namespace allconv::kernels::ptx {

// A is (16, 16), B is (16, 8). Two elements a register, the one of the lower index in the low half:
//     a[0]  row group,     columns 2 * quad, + 1      b[0]  rows 2 * quad, + 1,     column group
//     a[1]  row group + 8, columns 2 * quad, + 1      b[1]  rows 2 * quad + 8, + 1, column group
//     a[2]  row group,     columns 2 * quad + 8, + 1
//     a[3]  row group + 8, columns 2 * quad + 8, + 1
__device__ __forceinline__ void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2], F16) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2], BF16) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// A is (16, 8), B is (8, 8), one tf32 element a register (see convert.cuh; of other floats the low
// 13 bits are ignored):
//     a[0]  row group,     column quad        b[0]  row quad,     column group
//     a[1]  row group + 8, column quad        b[1]  row quad + 4, column group
//     a[2]  row group,     column quad + 4
//     a[3]  row group + 8, column quad + 4
__device__ __forceinline__ void mma_m16n8k8_tf32(float (&d)[4], const std::uint32_t (&a)[4],
                                                 const std::uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

}  // namespace allconv::kernels::ptx

#endif
