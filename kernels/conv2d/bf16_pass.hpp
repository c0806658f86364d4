// Bf16Pass: windows over the images of a batch times weights, both rounded to bf16, for any shape.
// The forward pass and the data gradient are both one of these. Maps in memory are fp32.
//
//     for each band of rows of an image
//       round the rows that its windows see into a map of bf16, with the padding around it
//       for each tile of pixels: for each block of channels: products, bias, ReLU
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/conv2d/bf16_product.hpp"
#include "kernels/conv2d/direct_pass.hpp"
#include "kernels/conv2d/panel_form.hpp"

namespace allconv::kernels {

// The leaves by the CPU's tile registers, or by plain C++.
Bf16Leaves bf16_leaves(bool by_registers);

// The weights' place outside: of (k,c,r,s), k being the channels written of a forward pass, and
// those read of a data gradient.
struct Bf16Weights {
  Conv2dProblem problem;
  bool is_gradient = false;
};

// Immutable; any number of threads may run parts of it, each with a scratch of its own. A part is a
// band of rows of one image and a group of its blocks of channels; a pixel's bits depend on
// neither.
class Bf16Pass {
 public:
  // Of the whole batch.
  struct Tensors {
    const float* src = nullptr;
    const std::byte* weights = nullptr;  // packed
    const float* bias = nullptr;         // (dst channels), null: zero
    const float* output = nullptr;       // like dst, for the epilogues that read it
    float* dst = nullptr;
  };

  Bf16Pass(const DirectShape& shape, const Bf16Leaves& leaves);

  int parts_per_image() const { return bands_ * groups_; }
  std::size_t workspace_bytes() const;
  void run(const Tensors& tensors, std::span<std::byte> scratch, Interval parts) const;

  // (phase)(blocks)(row taps,depth / 32)(2)(16,16,2)
  std::size_t packed_bytes() const {
    return static_cast<std::size_t>(weights_size_) * sizeof(std::uint16_t);
  }
  // From (k,c,r,s).
  void pack(const Bf16Weights& from, const float* weights, std::byte* packed) const;
  // From panels of output channels.
  void pack_panels(const Bf16Weights& from, const PanelForm& form, const float* panels,
                   std::byte* packed) const;

 private:
  // What rows and columns of equal remainders by a gradient's stride see; forward there is one.
  struct Phase {
    WindowAxis rows, columns;
    std::int64_t start = 0;  // its first weight
    int depth = 0;           // of a row of its windows, in whole tiles
    int tile_rows = kTileRows;
    bool is_list = false;  // tiles go on over the ends of rows
  };
  struct Band;

  void cut();
  int blocks() const { return divide_up(dst_.channels, kBlockWidth); }
  Interval source_rows(Interval positions) const;
  std::int64_t map_size(int rows) const;
  Band band_of(const Tensors& tensors, std::span<std::byte> scratch, int image, int band) const;
  void round_map(const Band& band) const;
  int place_tiles(const Band& band, const Phase& phase, Interval positions) const;
  void multiply(const Tensors& tensors, const Band& band, const Phase& phase,
                Interval blocks) const;
  template <class Read>
  void pack_by(const Bf16Weights& from, std::byte* packed, const Read& read) const;

  MapShape src_, dst_;
  ReluSlopes slopes_;
  Bf16Leaves leaves_;
  std::vector<Phase> phases_;
  std::vector<std::int64_t> tap_offsets_;  // of the rows of a window in the rounded map
  Interval columns_;                       // of src that windows see, the padding too
  std::int64_t weights_size_ = 0;
  int positions_ = 0;  // rows of the phase that has most
  int bands_ = 1;
  int groups_ = 1;
};

}  // namespace allconv::kernels
