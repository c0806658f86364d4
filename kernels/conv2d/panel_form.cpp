#include "kernels/conv2d/panel_form.hpp"

namespace allconv::kernels {

namespace {

// Calls visit(packed index, file index or -1 for padding) for every float, in packed order.
template <class Visit>
void for_each_weight(const PanelForm& form, const Visit& visit) {
  const PanelBlocks& blocks = form.blocks();
  const std::int64_t filter = std::int64_t{form.c()} * form.taps();  // floats of one (c,r,s)
  for (int block = 0; block < blocks.count(); ++block) {
    for (int tap = 0; tap < form.taps(); ++tap) {
      for (int c = 0; c < form.c(); ++c) {
        const std::int64_t packed = form.at(block, tap, c);
        const std::int64_t file =
            blocks.first(block) * filter + std::int64_t{c} * form.taps() + tap;
        for (int k = 0; k < blocks.width(block); ++k) {
          visit(packed + k, k < blocks.size(block) ? file + k * filter : -1);
        }
      }
    }
  }
}

}  // namespace

void PanelForm::pack(const float* weights, float* packed) const {
  for_each_weight(*this, [=](std::int64_t to, std::int64_t from) {
    packed[to] = from < 0 ? 0.0F : weights[from];
  });
}

void PanelForm::unpack(const float* packed, float* weights) const {
  for_each_weight(*this, [=](std::int64_t from, std::int64_t to) {
    if (to >= 0) weights[to] = packed[from];
  });
}

}  // namespace allconv::kernels
