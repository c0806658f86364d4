// WinogradConvolution: what the forward pass and the data gradient have in common: tiles of one map
// transformed, multiplied by panels of transformed weights, and transformed back into another map.
//
//     for each block of tiles (as many as the second-level cache holds)
//       transform the tiles
//       for each panel: for each point, tiles x channels times channels x panel
//                       transform back, with the bias and the ReLU
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/conv2d/panel_form.hpp"
#include "kernels/conv2d/winograd.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv::kernels {

// The two maps and how tiles lie over them: tile (ty,tx) reads src from
// (src_top + ty * src_step, ...) and writes dst from (dst_top + ty * dst_step, ...). Whatever lies
// outside of src is zero, whatever lies outside of dst is dropped.
struct TiledMaps {
  int n = 1;
  int src_h = 0, src_w = 0, c = 0;  // (n,src_h,src_w,c)
  int dst_h = 0, dst_w = 0, k = 0;  // (n,dst_h,dst_w,k)
  int src_top = 0, src_left = 0, src_step = 0;
  int dst_top = 0, dst_left = 0, dst_step = 0;

  int tiles_h() const { return (dst_h - dst_top + dst_step - 1) / dst_step; }
  int tiles_w() const { return (dst_w - dst_left + dst_step - 1) / dst_step; }
  int tiles_an_image() const { return tiles_h() * tiles_w(); }
  int tiles() const { return n * tiles_an_image(); }
};

// What the transforms and products of one instruction set are.
struct WinogradMachine {
  WinogradSizes sizes;
  PanelShape shape;
  void (*multiply)(const PanelProduct&) = nullptr;
  WinogradLeaves leaves;
};

// Immutable; run() may be called by several threads at once, each with its own scratch.
class WinogradConvolution {
 public:
  // Pointers to (n,src_h,src_w,c) and (n,dst_h,dst_w,k); weights in packed form.
  struct Operands {
    const float* src = nullptr;
    const float* weights = nullptr;
    const float* bias = nullptr;         // (k) or null
    const float* relu_output = nullptr;  // as dst, or null
    float* dst = nullptr;
  };

  WinogradConvolution(const TiledMaps& maps, const WinogradMachine& machine,
                      const ReluSlopes& slopes);

  // Parts are intervals of tiles, and within each the panels.
  int parts() const { return tile_parts_ * blocks_.count(); }
  std::size_t workspace_bytes() const;

  // Computes parts [first, last). An interval costs less than its parts one by one: tiles are
  // transformed once for all of their panels. Each result has the same bits either way.
  void run(std::byte* scratch, const Operands& operands, Interval parts) const;

  // Transformed weights: (panel)(kernel points)(c,width).
  std::int64_t packed_floats() const;

  // The weights of one panel and input channel; of `taps` only src and its stride are looked at.
  void transform_weights(int block, int c, const WinogradWeights& taps, float* packed) const;

  const PanelBlocks& blocks() const { return blocks_; }
  const TiledMaps& maps() const { return maps_; }

 private:
  struct Scratch;

  int kernel_point(int point) const;
  std::int64_t panel_offset(int block, int point) const;
  std::int64_t points() const {
    return std::int64_t{machine_.sizes.points} * machine_.sizes.points;
  }
  void run_tiles(std::byte* scratch, const Operands& operands, Interval tiles,
                 Interval panels) const;
  void transform_inputs(const Scratch& scratch, const Operands& operands, Interval tiles) const;
  void multiply(const Scratch& scratch, const Operands& operands, int tiles, int block) const;
  void transform_outputs(const Scratch& scratch, const Operands& operands, Interval tiles,
                         int block) const;

  TiledMaps maps_;
  WinogradMachine machine_;
  PanelBlocks blocks_;
  ReluSlopes slopes_;
  int tile_parts_;             // intervals of tiles
  int tiles_at_once_;          // of one block
  std::vector<float> zeros_;   // (c): a pixel outside of src
  std::vector<int> products_;  // points in the order of their kernel points
};

}  // namespace allconv::kernels
