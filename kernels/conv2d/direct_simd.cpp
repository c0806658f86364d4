// The epilogue of the direct convolutions: ReLU and its three backward rules over rows of channels
// that were just written, so that they are read from the first-level cache.
#include "kernels/conv2d/direct_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

// value * (by > 0 ? 1 : slope)
[[gnu::always_inline]] inline Floats scaled(Floats value, Floats by, Floats slope) {
  return value * select(greater(by, broadcast(0)), broadcast(1), slope);
}

template <bool kReadsOutput>
void apply(const EpilogueRows& rows) {
  const Floats signal_slope = broadcast(rows.slopes.signal);
  const Floats output_slope = broadcast(rows.slopes.output);
  for (int row = 0; row < rows.rows; ++row) {
    float* values = rows.values + row * rows.stride;
    const float* output = kReadsOutput ? rows.output + row * rows.stride : nullptr;
    for_each_vector(rows.channels, [=](std::int64_t i, auto lanes) {
      const Floats before = load(values + i, lanes);
      Floats value = before;
      if constexpr (kReadsOutput) value = scaled(value, load(output + i, lanes), output_slope);
      store(values + i, scaled(value, before, signal_slope), lanes);
    });
  }
}

}  // namespace

void apply_epilogue(const EpilogueRows& rows) {
  if (rows.slopes.output != 1) return apply<true>(rows);
  apply<false>(rows);
}

}  // namespace allconv::kernels::ALLCONV_ISA
