// The way of a tile of sums from shared memory to dst: bias, ReLU or its backward rule, mask.
#pragma once

#include <cstdint>

#include "kernels/conv2d/gather_cuda.hpp"
#include "kernels/conv2d/gather_place.cuh"
#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/core/cuda_element.cuh"

namespace allconv::kernels {

template <class Element>
struct EpilogueVector {
  ElementVector<Element> part[kEpilogueWidth / ElementVector<Element>::kWidth];

  __device__ Element& operator[](int i) {
    return part[i / ElementVector<Element>::kWidth].at[i % ElementVector<Element>::kWidth];
  }
};

// One sum at column `column` and element `element` of dst.
template <class Element>
__device__ float epilogue_value(const GatherEpilogue& epilogue, float sum, int column,
                                std::int64_t element) {
  float value = epilogue.bias == nullptr ? sum : sum + epilogue.bias[column];
  value *= value > 0 ? 1 : epilogue.slopes.signal;
  if (epilogue.mask_read != nullptr) {
    const bool positive = (epilogue.mask_read[element / 8] >> (element % 8) & 1) != 0;
    value *= positive ? 1 : epilogue.slopes.output;
  } else if (epilogue.relu_output != nullptr) {
    const float output = to_float(static_cast<const Element*>(epilogue.relu_output)[element]);
    value *= output > 0 ? 1 : epilogue.slopes.output;
  }
  return value;
}

// Eight sums, columns from a multiple of 8; dst's channels are a multiple of 8 too.
template <class Element>
__device__ void store_eight(const GatherEpilogue& epilogue, const float* sums,  // (8) aligned to 16
                            int column, std::int64_t element, Element* dst) {
  using Vector = EpilogueVector<Element>;
  const float4 low = reinterpret_cast<const float4*>(sums)[0];
  const float4 high = reinterpret_cast<const float4*>(sums)[1];
  float values[kEpilogueWidth] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
  for (int i = 0; i < kEpilogueWidth; ++i) {
    if (epilogue.bias != nullptr) values[i] += epilogue.bias[column + i];
    values[i] *= values[i] > 0 ? 1 : epilogue.slopes.signal;
  }
  unsigned positive = 0xFF;
  if (epilogue.mask_read != nullptr) {
    positive = epilogue.mask_read[element / 8];
  } else if (epilogue.relu_output != nullptr) {
    Vector output = *reinterpret_cast<const Vector*>(
        static_cast<const Element*>(epilogue.relu_output) + element);
    positive = 0;
#pragma unroll
    for (int i = 0; i < kEpilogueWidth; ++i) positive |= (to_float(output[i]) > 0 ? 1U : 0U) << i;
  }
  Vector result;
  unsigned written = 0;
#pragma unroll
  for (int i = 0; i < kEpilogueWidth; ++i) {
    values[i] *= (positive >> i & 1) != 0 ? 1 : epilogue.slopes.output;
    result[i] = from_float<Element>(values[i]);
    written |= (values[i] > 0 ? 1U : 0U) << i;
  }
  *reinterpret_cast<Vector*>(dst + element) = result;
  if (epilogue.mask_written != nullptr) {
    epilogue.mask_written[element / 8] = static_cast<std::uint8_t>(written);
  }
}

// A tile of sums, rows of `pitch` floats in shared memory.
struct SumTile {
  const float* sums;          // (rows, pitch)
  const ResultPlace* places;  // (rows)
  int rows, columns, pitch;
  int first_column;  // of dst
};

// Stores the tile by all threads of the block, vectors where dst's channels allow them.
template <class Element>
__device__ void store_tile(const GatherEpilogue& epilogue, const SumTile& tile, int width,
                           Element* dst) {
  const bool eights = width % kEpilogueWidth == 0;
  const int run_width = eights ? kEpilogueWidth : 1;
  const int runs = tile.rows * (tile.columns / run_width);
  for (int i = static_cast<int>(threadIdx.x); i < runs; i += static_cast<int>(blockDim.x)) {
    const GatherSumRun run = gather_sum_run(tile.columns, run_width, i);
    const int column = tile.first_column + run.column;
    const int pixel = tile.places[run.row].dst_pixel;
    if (pixel < 0 || column >= width) continue;
    const std::int64_t element = std::int64_t{pixel} * width + column;
    const float* sums = tile.sums + run.row * tile.pitch + run.column;
    if (eights) {
      store_eight(epilogue, sums, column, element, dst);
    } else {
      dst[element] = from_float<Element>(epilogue_value<Element>(epilogue, *sums, column, element));
    }
  }
}

}  // namespace allconv::kernels
