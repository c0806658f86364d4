// kernels/ptx/ldmatrix.cuh without a GPU.
#pragma once

#include <cstdint>

#include "tests/simt/matrix.hpp"

namespace allconv::kernels::ptx {

inline void ldmatrix_x4(std::uint32_t (&r)[4], const void* row,
                        const simt::Site& site = simt::Site::current()) {
  simt::load_matrices("ldmatrix_x4", r, row, site);
}

inline void ldmatrix_x2(std::uint32_t (&r)[2], const void* row,
                        const simt::Site& site = simt::Site::current()) {
  simt::load_matrices("ldmatrix_x2", r, row, site);
}

inline void ldmatrix_x4_trans(std::uint32_t (&r)[4], const void* row,
                              const simt::Site& site = simt::Site::current()) {
  simt::load_transposed_matrices("ldmatrix_x4_trans", r, row, site);
}

inline void ldmatrix_x2_trans(std::uint32_t (&r)[2], const void* row,
                              const simt::Site& site = simt::Site::current()) {
  simt::load_transposed_matrices("ldmatrix_x2_trans", r, row, site);
}

}  // namespace allconv::kernels::ptx
