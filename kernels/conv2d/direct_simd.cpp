// What the direct convolutions do beside products: ReLU and its three backward rules over rows of
// channels that were just written, so that they are read from the first-level cache, and sums of
// overlapping windows.
#include "kernels/conv2d/direct_simd.hpp"

#include "kernels/conv2d/epilogue_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

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

// Windows that follow each other here lie so far apart that no vector touches the one before: a
// load that overlaps a store just made waits for it.
void add_windows(const WindowSum& sum) {
  const int vectors = (sum.row_size + kWidth - 1) / kWidth;
  const auto step = static_cast<int>(sum.dst_step);
  const int apart = (vectors * kWidth + step - 1) / step;  // windows
  for (int first = 0; first < apart; ++first) {
    for (int row = 0; row < sum.rows; ++row) {
      const float* src = sum.src + row * sum.src_row_step;
      float* dst = sum.dst + row * sum.dst_row_step;
      for (int window = first; window < sum.windows; window += apart) {
        const float* from = src + window * sum.src_step;
        float* to = dst + window * sum.dst_step;
        for_each_vector(sum.row_size, [=](std::int64_t i, auto lanes) {
          store(to + i, load(to + i, lanes) + load(from + i, lanes), lanes);
        });
      }
    }
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
