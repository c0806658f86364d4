// PanelForm: weights in panels, the form that multiply_panel() reads and that weight gradients are
// made in: (block)(r,s,c,width), a block being the output channels of one panel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/conv2d/panel_product.hpp"
#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

// How `channels` output channels are cut into panels: all are as wide as the widest, but for the
// last, which has the rest rounded up to whole vectors.
struct PanelBlocks {
  int channels = 0;
  PanelShape shape;

  int count() const { return (channels + shape.width() - 1) / shape.width(); }
  int first(int block) const { return block * shape.width(); }
  int size(int block) const { return std::min(shape.width(), channels - first(block)); }
  int width(int block) const { return (size(block) + shape.lanes - 1) / shape.lanes * shape.lanes; }
  int total_width() const { return first(count() - 1) + width(count() - 1); }

  friend bool operator==(const PanelBlocks&, const PanelBlocks&) = default;
};

// Immutable. Distances are in floats. The padding behind the last channel is zero.
class PanelForm final : public WeightsForm {
 public:
  PanelForm(const Conv2dProblem& problem, const PanelShape& shape)
      : blocks_{.channels = problem.k, .shape = shape},
        c_(problem.c),
        r_(problem.r),
        s_(problem.s) {}

  // Whether weights packed in either form can be read in the other.
  bool is_same_as(const PanelForm& other) const {
    return blocks_ == other.blocks_ && c_ == other.c_ && r_ == other.r_ && s_ == other.s_;
  }

  const PanelBlocks& blocks() const { return blocks_; }
  int c() const { return c_; }
  int taps() const { return r_ * s_; }  // tap = row * s + column

  // The panel's first float: (r,s,c,width).
  std::int64_t panel(int block) const { return std::int64_t{blocks_.first(block)} * taps() * c_; }
  // The first output channel's weight of one tap and input channel; the block's others follow.
  std::int64_t at(int block, int tap, int c) const {
    return panel(block) + (std::int64_t{tap} * c_ + c) * blocks_.width(block);
  }
  std::int64_t size() const { return std::int64_t{blocks_.total_width()} * taps() * c_; }

  std::size_t bytes() const { return static_cast<std::size_t>(size()) * sizeof(float); }

  // From and to (k,c,r,s).
  void pack(const float* weights, float* packed) const;
  void unpack(const float* packed, float* weights) const;

 private:
  PanelBlocks blocks_;
  int c_, r_, s_;
};

}  // namespace allconv::kernels
