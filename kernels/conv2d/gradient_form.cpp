#include "kernels/conv2d/gradient_form.hpp"

#include <algorithm>

namespace allconv::kernels {

namespace {

class FromPanels final : public WeightsConversion {
 public:
  FromPanels(const PanelForm& from, const GradientForm& to) : from_(from), to_(to) {}

  void run(const std::byte* from, std::byte* to) override {
    to_.pack_from(from_, reinterpret_cast<const float*>(from), reinterpret_cast<float*>(to));
  }

 private:
  const PanelForm& from_;
  const GradientForm& to_;
};

}  // namespace

void GradientForm::pack(const float* weights, float* packed) const {
  std::fill_n(packed, size_, 0.0F);
  for (int k = 0; k < k_; ++k) {
    const float* filter = weights + std::int64_t{k} * c_ * taps_;  // (c,r,s)
    for (int tap = 0; tap < taps_; ++tap) {
      for (int c = 0; c < c_; ++c) {
        const Column& to = column(tap, c);
        packed[to.first + k * to.step] = filter[std::int64_t{c} * taps_ + tap];
      }
    }
  }
}

// The cache lines that a column of output channels touches are those of the next input channel too:
// a panel's worth of them stays in the first-level cache.
void GradientForm::pack_from(const PanelForm& form, const float* panels, float* packed) const {
  std::fill_n(packed, size_, 0.0F);
  const PanelBlocks& blocks = form.blocks();
  for (int tap = 0; tap < taps_; ++tap) {
    for (int block = 0; block < blocks.count(); ++block) {
      for (int c = 0; c < c_; ++c) {
        const float* from = panels + form.at(block, tap, c);  // (k)
        const Column& column_to = column(tap, c);
        float* to = packed + column_to.first + blocks.first(block) * column_to.step;
        for (int k = 0; k < blocks.size(block); ++k) to[k * column_to.step] = from[k];
      }
    }
  }
}

std::unique_ptr<WeightsConversion> GradientForm::conversion_from(const WeightsForm& form) const {
  const auto* panels = dynamic_cast<const PanelForm*>(&form);
  const bool is_same_problem = panels != nullptr && panels->blocks().channels == k_ &&
                               panels->c() == c_ && panels->taps() == taps_;
  if (!is_same_problem) return nullptr;
  return std::make_unique<FromPanels>(*panels, *this);
}

}  // namespace allconv::kernels
