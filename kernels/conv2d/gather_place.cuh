// Where the results of a GatherGemm come from and go to, on the device.
#pragma once

#include <cuda_runtime.h>

#include "kernels/conv2d/gather_gemm.hpp"

namespace allconv::kernels {

// One result's window in src, and its pixel in dst. Pixels are counted over all images.
struct ResultPlace {
  int image_pixel = 0;  // the first of its image in src
  int row = 0;          // of the window's first tap; may lie outside of the map
  int column = 0;
  int dst_pixel = -1;  // -1: there is no such result
};

// `result` below images * rows * columns, or beyond them.
__device__ inline ResultPlace place_of(const GatherGemm& gemm, int result) {
  const int columns = gemm.columns.results;
  const int image_results = gemm.rows.results * columns;
  if (image_results == 0 || result >= gemm.images * image_results) return {};
  const int image = result / image_results;
  const int row = (result - image * image_results) / columns;
  const int column = result - (image * gemm.rows.results + row) * columns;
  const int dst_row = gemm.rows.dst_first + row * gemm.rows.dst_step;
  const int dst_column = gemm.columns.dst_first + column * gemm.columns.dst_step;
  return {
      .image_pixel = image * gemm.rows.sources * gemm.columns.sources,
      .row = row * gemm.rows.step + gemm.rows.first,
      .column = column * gemm.columns.step + gemm.columns.first,
      .dst_pixel = (image * gemm.rows.dst_extent + dst_row) * gemm.columns.dst_extent + dst_column};
}

// The pixel of a result's tap in src; -1 in the padding, and where there is no result.
__device__ inline int source_pixel(const GatherGemm& gemm, const ResultPlace& place, int tap_row,
                                   int tap_column) {
  const int row = place.row + tap_row;
  const int column = place.column + tap_column;
  // One comparison an axis: negative numbers become large ones.
  const bool inside = static_cast<unsigned>(row) < static_cast<unsigned>(gemm.rows.sources) &&
                      static_cast<unsigned>(column) < static_cast<unsigned>(gemm.columns.sources);
  if (!inside || place.dst_pixel < 0) return -1;
  return place.image_pixel + row * gemm.columns.sources + column;
}

}  // namespace allconv::kernels
