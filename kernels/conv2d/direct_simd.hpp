// What the direct rows need from an instruction set: plain functions over plain data, one namespace
// each, and a struct of pointers to them for the drivers, which are the same for all.
#pragma once

#include <cstdint>

#include "kernels/conv2d/panel_product.hpp"
#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

// A convolution's epilogue on values just written, in place: (rows,channels) floats, rows `stride`
// apart. `output` has the same layout; it is read only where its slope is not 1.
struct EpilogueRows {
  float* values = nullptr;
  const float* output = nullptr;
  std::int64_t stride = 0;
  int rows = 0;
  int channels = 0;
  ReluSlopes slopes;
};

// Adds windows of products to the rows they lie on, where neighbours overlap:
//     dst[row][window * dst_step + i] += src[window * src_step + row * src_row_step + i]
// for i < row_size. Distances are in floats. An element's sum is made in an order that depends on
// its place alone.
struct WindowSum {
  const float* src = nullptr;
  std::int64_t src_step = 0;
  std::int64_t src_row_step = 0;
  float* dst = nullptr;
  std::int64_t dst_step = 0;
  std::int64_t dst_row_step = 0;
  int windows = 0;
  int rows = 0;
  int row_size = 0;
};

struct DirectLeaves {
  PanelShape shape;
  void (*multiply_panel)(const PanelProduct&) = nullptr;
  void (*apply_epilogue)(const EpilogueRows&) = nullptr;
  void (*add_windows)(const WindowSum&) = nullptr;
};

namespace portable {
void apply_epilogue(const EpilogueRows& rows);
void add_windows(const WindowSum& sum);
}  // namespace portable

namespace avx2 {
void apply_epilogue(const EpilogueRows& rows);
void add_windows(const WindowSum& sum);
}  // namespace avx2

namespace avx512 {
void apply_epilogue(const EpilogueRows& rows);
void add_windows(const WindowSum& sum);
}  // namespace avx512

}  // namespace allconv::kernels
