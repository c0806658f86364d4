// What tensor cores compute and how ldmatrix fills their fragments: see kernels/ptx/mma.cuh and
// ldmatrix.cuh for the layouts.
#pragma once

#include <cstdint>
#include <span>

#include "tests/simt/device.hpp"

namespace allconv::simt {

// One lane's fragments.
struct MmaOperands {
  float* d;                // (4), added to
  const std::uint32_t* a;  // (4)
  const std::uint32_t* b;  // (2)
};

// Products of the values as tensor cores read them, added in fp32 in ascending order of k. (The
// order on a device is not documented.) `operands` are MmaOperands.
void mma_m16n8k16_f16(void* const* operands);
void mma_m16n8k16_bf16(void* const* operands);
void mma_m16n8k8_tf32(void* const* operands);

// Two or four matrices, one a register of `r`. `row` is the calling lane's address.
void load_matrices(const char* name, std::span<std::uint32_t> r, const void* row, const Site& site);
void load_transposed_matrices(const char* name, std::span<std::uint32_t> r, const void* row,
                              const Site& site);

}  // namespace allconv::simt
