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

struct DirectLeaves {
  PanelShape shape;
  void (*multiply_panel)(const PanelProduct&) = nullptr;
  void (*apply_epilogue)(const EpilogueRows&) = nullptr;
};

namespace avx2 {
void apply_epilogue(const EpilogueRows& rows);
}  // namespace avx2

namespace avx512 {
void apply_epilogue(const EpilogueRows& rows);
}  // namespace avx512

}  // namespace allconv::kernels
