// kernels/ptx/mma.cuh without a GPU.
#pragma once

#include <cstdint>

#include "tests/simt/device.hpp"
#include "tests/simt/matrix.hpp"

namespace allconv::kernels::ptx {

inline void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                         F16, const simt::Site& site = simt::Site::current()) {
  simt::MmaOperands operands{.d = d, .a = a, .b = b};
  simt::meet({.name = "mma_m16n8k16(F16)", .site = site, .aligned = true}, &operands,
             simt::mma_m16n8k16_f16);
}

inline void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                         BF16, const simt::Site& site = simt::Site::current()) {
  simt::MmaOperands operands{.d = d, .a = a, .b = b};
  simt::meet({.name = "mma_m16n8k16(BF16)", .site = site, .aligned = true}, &operands,
             simt::mma_m16n8k16_bf16);
}

inline void mma_m16n8k8_tf32(float (&d)[4], const std::uint32_t (&a)[4],
                             const std::uint32_t (&b)[2],
                             const simt::Site& site = simt::Site::current()) {
  simt::MmaOperands operands{.d = d, .a = a, .b = b};
  simt::meet({.name = "mma_m16n8k8_tf32", .site = site, .aligned = true}, &operands,
             simt::mma_m16n8k8_tf32);
}

}  // namespace allconv::kernels::ptx
