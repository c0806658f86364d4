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
#include "kernels/conv2d/tile_grid.hpp"
#include "kernels/conv2d/winograd.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv::kernels {

// The map that is read and the map that is written; both have the same tiles.
struct TiledMaps {
  TileGrid src;
  TileGrid dst;
};

// The kernel point that a point is multiplied with: points beyond the last share it, in each
// dimension.
int winograd_kernel_point(const WinogradSizes& sizes, int point);

// All points, those that share a kernel point behind each other.
std::vector<int> winograd_products(const WinogradSizes& sizes);

// Transformed tiles: (points,points,tiles,channels), channels filled up to whole vectors.
struct TileMemory {
  float* first = nullptr;
  std::int64_t tile_stride = 0;   // floats
  std::int64_t point_stride = 0;  // floats

  // Floats between points that do not all fall into one set of the cache.
  static constexpr std::int64_t point_stride_of(std::int64_t tiles, std::int64_t tile_stride) {
    constexpr std::int64_t kPadding = 16;
    return tiles * tile_stride + kPadding;
  }
};

// Of a map, from the channel that `map` points to: `channels` of them. `zeros` has as many.
struct TilesToTransform {
  const TileGrid& grid;
  const float* map;
  const float* zeros;  // a pixel outside
  int channels;
  Interval tiles;
};

void transform_tiles(void (*leaf)(const WinogradPixels&), const TilesToTransform& from,
                     const TileMemory& to);

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
  // Pointers to the maps; weights in packed form.
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

  std::int64_t panel_offset(int block, int point) const;
  std::int64_t points() const {
    return std::int64_t{machine_.sizes.points} * machine_.sizes.points;
  }
  void run_tiles(std::byte* scratch, const Operands& operands, Interval tiles,
                 Interval panels) const;
  void multiply(const Scratch& scratch, const Operands& operands, int tiles, int block) const;
  void transform_outputs(const Scratch& scratch, const Operands& operands, Interval tiles,
                         int block) const;

  TiledMaps maps_;
  WinogradMachine machine_;
  PanelBlocks blocks_;
  ReluSlopes slopes_;
  int tile_parts_;             // intervals of tiles
  int tiles_at_once_;          // of one block
  std::vector<float> zeros_;   // (src.c): a pixel outside of the map
  std::vector<int> products_;  // points in the order of their kernel points
};

}  // namespace allconv::kernels
