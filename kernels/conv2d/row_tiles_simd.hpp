// The tiles that the inner loops of convolutions cut their rows into. Included by *_simd.cpp only.
#pragma once

#include <type_traits>

#include "kernels/conv2d/panel_product.hpp"
#include "kernels/core/interval.hpp"

namespace allconv::kernels::ALLCONV_ISA {

// Calls body with a number of rows known only now, at most kMost, as a constant.
template <int kMost, class Body>
inline void with_constant_rows(int rows, const Body& body) {
  if constexpr (kMost > 1) {
    if (rows < kMost) return with_constant_rows<kMost - 1>(rows, body);
  }
  body(std::integral_constant<int, kMost>{});
}

// Calls body(tile, first row, constant rows) for all rows, in as few tiles as the registers allow
// and as even as can be: with 8 rows at most, 9 are 4 and 5, not 8 and 1.
template <class Body>
inline void for_each_row_tile(int rows, const Body& body) {
  constexpr int kRows = kPanelShape.rows;
  const int tiles = (rows + kRows - 1) / kRows;
  for (int tile = 0; tile < tiles; ++tile) {
    const Interval share = share_of(rows, tiles, tile);
    with_constant_rows<kRows>(share.last - share.first,
                              [&](auto constant) { body(tile, share.first, constant); });
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
