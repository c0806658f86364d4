// What each instruction of kernels/ptx leaves in a warp's registers.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace allconv::simt {

enum class LoadForm { x4, x2, x4_trans, x2_trans };

// Loads 2 or 4 matrices of (8, 8), one after another in src, to registers (32, 4); unused ones are
// 0.
cudaError_t load_fragments(const std::uint16_t* src, std::uint32_t* registers, LoadForm form);

// dst[i] = src[i] for i < valid, else 0, by copies of 4 bytes. 32 values.
cudaError_t copy_words(const float* src, float* dst, int valid);

// Rounds src, 32 values, to (3, 32) registers: to_tf32, pack_f16x2 and pack_bf16x2 of the value and
// its negative.
cudaError_t round_values(const float* src, std::uint32_t* dst);

}  // namespace allconv::simt
