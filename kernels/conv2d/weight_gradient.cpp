#include "kernels/conv2d/weight_gradient.hpp"

#include <algorithm>
#include <vector>

namespace allconv::kernels {

RankMachine rank_machine(Isa isa) {
  switch (isa) {
    case Isa::avx512: return {avx512::kPanelShape, avx512::update_panel};
    case Isa::avx2: return {avx2::kPanelShape, avx2::update_panel};
    case Isa::portable: break;
  }
  return {portable::kPanelShape, portable::update_panel};
}

// One row of ones times the signals, one run after another.
void WeightGradientKernel::add_bias(const RankUpdate& update, float* d_bias) const {
  static constexpr float kOne = 1;
  static constexpr std::int64_t kNoOffset = 0;
  constexpr int kWidest = avx512::kPanelShape.width();
  alignas(64) float sums[kWidest] = {};  // (width)
  if (update.accumulate) std::copy_n(d_bias, update.channels, sums);
  RankUpdate bias = update;
  bias.src = &kOne;
  bias.src_offsets = &kNoOffset;
  bias.src_stride = 0;
  bias.rows = 1;
  bias.runs = 1;
  bias.dst = sums;
  bias.accumulate = true;
  for (int run = 0; run < update.runs; ++run, ++bias.signal_offsets) machine_.update(bias);
  std::copy_n(sums, update.channels, d_bias);
}

}  // namespace allconv::kernels
