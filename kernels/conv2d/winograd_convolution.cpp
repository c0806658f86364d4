#include "kernels/conv2d/winograd_convolution.hpp"

#include <algorithm>
#include <numeric>

#include "kernels/core/cache.hpp"

namespace allconv::kernels {

namespace {

// Fewer tiles do not pay for reading a panel.
constexpr int kTilesPerPart = 16;

// As many tiles as the second-level cache holds in both of their forms. No result depends on it.
int tiles_in_cache(const TiledMaps& maps, const WinogradMachine& machine) {
  constexpr std::int64_t kFewest = 16;
  constexpr std::int64_t kMost = 64;
  const std::int64_t points = std::int64_t{machine.sizes.points} * machine.sizes.points;
  const std::int64_t tile_bytes = 4 * points * (maps.src.c + machine.shape.width());
  const auto tiles = static_cast<std::int64_t>(cache_sizes().l2) / tile_bytes;
  return static_cast<int>(std::clamp(round_up(tiles, machine.shape.rows), kFewest, kMost));
}

}  // namespace

// The memory of one run_tiles(): the transformed tiles, and one panel's sums of products
// (points,points,tiles,width).
struct WinogradConvolution::Scratch {
  TileMemory tiles;
  float* sums;
  std::int64_t sums_stride;  // between points
};

WinogradConvolution::WinogradConvolution(const TiledMaps& maps, const WinogradMachine& machine,
                                         const ReluSlopes& slopes)
    : maps_(maps),
      machine_(machine),
      blocks_{.channels = maps.dst.c, .shape = machine.shape},
      slopes_(slopes),
      tile_parts_(divide_up(maps.src.tiles(), kTilesPerPart)),
      tiles_at_once_(tiles_in_cache(maps, machine)),
      zeros_(static_cast<std::size_t>(maps.src.c), 0.0F),
      products_(winograd_products(machine.sizes)) {}

int winograd_kernel_point(const WinogradSizes& sizes, int point) {
  const int row = std::min(point / sizes.points, sizes.kernel_points - 1);
  const int column = std::min(point % sizes.points, sizes.kernel_points - 1);
  return row * sizes.kernel_points + column;
}

std::vector<int> winograd_products(const WinogradSizes& sizes) {
  std::vector<int> points(static_cast<std::size_t>(sizes.points) *
                          static_cast<std::size_t>(sizes.points));
  std::iota(points.begin(), points.end(), 0);
  std::stable_sort(points.begin(), points.end(), [&](int one, int other) {
    return winograd_kernel_point(sizes, one) < winograd_kernel_point(sizes, other);
  });
  return points;
}

std::int64_t WinogradConvolution::panel_offset(int block, int point) const {
  const int kernel_points = machine_.sizes.kernel_points;
  return (std::int64_t{kernel_points} * kernel_points * blocks_.first(block) +
          std::int64_t{point} * blocks_.width(block)) *
         maps_.src.c;
}

std::int64_t WinogradConvolution::packed_floats() const {
  const int kernel_points = machine_.sizes.kernel_points;
  return panel_offset(blocks_.count() - 1, kernel_points * kernel_points);
}

void WinogradConvolution::transform_weights(int block, int c, const WinogradWeights& taps,
                                            float* packed) const {
  WinogradWeights weights = taps;
  weights.width = blocks_.width(block);
  weights.dst = packed + panel_offset(block, 0) + std::int64_t{c} * weights.width;
  weights.point_stride = std::int64_t{maps_.src.c} * weights.width;
  machine_.leaves.weights(weights);
}

std::size_t WinogradConvolution::workspace_bytes() const {
  const std::int64_t channels = round_up(maps_.src.c, machine_.shape.lanes);
  const std::int64_t floats =
      points() * (TileMemory::point_stride_of(tiles_at_once_, channels) +
                  TileMemory::point_stride_of(tiles_at_once_, machine_.shape.width()));
  return static_cast<std::size_t>(floats) * sizeof(float);
}

void WinogradConvolution::run(std::byte* scratch, const Operands& operands, Interval parts) const {
  const int panels = blocks_.count();
  while (parts.first < parts.last) {
    const int tile_part = parts.first / panels;
    const int panel = parts.first % panels;
    // All panels of as many intervals of tiles as there are, or some panels of one.
    const int whole = panel == 0 ? parts.size() / panels : 0;
    const int tile_parts = std::max(1, whole);
    const int last_panel = whole > 0 ? panels : std::min(panels, panel + parts.size());
    const Interval tiles{
        .first = tile_part * kTilesPerPart,
        .last = std::min(maps_.src.tiles(), (tile_part + tile_parts) * kTilesPerPart)};
    const int blocks = divide_up(tiles.size(), tiles_at_once_);
    for (int block = 0; block < blocks; ++block) {
      const Interval some = share_of(tiles.size(), blocks, block);
      run_tiles(scratch, operands, {tiles.first + some.first, tiles.first + some.last},
                {.first = panel, .last = last_panel});
    }
    parts.first += whole > 0 ? whole * panels : last_panel - panel;
  }
}

void WinogradConvolution::run_tiles(std::byte* memory, const Operands& operands, Interval tiles,
                                    Interval panels) const {
  const std::int64_t channels = round_up(maps_.src.c, machine_.shape.lanes);
  auto* const floats = reinterpret_cast<float*>(memory);
  const std::int64_t stride = TileMemory::point_stride_of(tiles.size(), channels);
  const Scratch scratch{
      .tiles = {.first = floats, .tile_stride = channels, .point_stride = stride},
      .sums = floats + points() * stride,
      .sums_stride = TileMemory::point_stride_of(tiles.size(), machine_.shape.width())};
  transform_tiles(machine_.leaves.input,
                  {.grid = maps_.src,
                   .map = operands.src,
                   .zeros = zeros_.data(),
                   .channels = maps_.src.c,
                   .tiles = tiles},
                  scratch.tiles);
  for (int block = panels.first; block < panels.last; ++block) {
    multiply(scratch, operands, tiles.size(), block);
    transform_outputs(scratch, operands, tiles, block);
  }
}

void transform_tiles(void (*leaf)(const WinogradPixels&), const TilesToTransform& from,
                     const TileMemory& to) {
  const float* pixels[TileGrid::kMaxSize * TileGrid::kMaxSize];
  for (int tile = from.tiles.first; tile < from.tiles.last; ++tile) {
    from.grid.locate(tile, from.map, from.zeros, pixels);
    leaf({.pixels = pixels,
          .channels = from.channels,
          .dst = to.first + (tile - from.tiles.first) * to.tile_stride,
          .point_stride = to.point_stride});
  }
}

void WinogradConvolution::multiply(const Scratch& scratch, const Operands& operands, int tiles,
                                   int block) const {
  static constexpr std::int64_t kNoOffset = 0;
  const int width = blocks_.width(block);
  PanelProduct product{.src_stride = scratch.tiles.tile_stride,
                       .tap_offsets = &kNoOffset,
                       .rows = tiles,
                       .depth = maps_.src.c,
                       .dst_stride = width,
                       .channels = width};
  for (const int point : products_) {
    product.src = scratch.tiles.first + point * scratch.tiles.point_stride;
    product.panel =
        operands.weights + panel_offset(block, winograd_kernel_point(machine_.sizes, point));
    const bool is_last = point == products_.back() && block + 1 == blocks_.count();
    product.next_panel = is_last ? nullptr : product.panel + std::int64_t{maps_.src.c} * width;
    product.dst = scratch.sums + point * scratch.sums_stride;
    machine_.multiply(product);
  }
}

void WinogradConvolution::transform_outputs(const Scratch& scratch, const Operands& operands,
                                            Interval tiles, int block) const {
  const int width = blocks_.width(block);
  const int first_channel = blocks_.first(block);
  std::int64_t pixels[TileGrid::kMaxSize * TileGrid::kMaxSize];
  WinogradOutput output{.point_stride = scratch.sums_stride,
                        .pixels = pixels,
                        .channels = blocks_.size(block),
                        .bias = operands.bias == nullptr ? nullptr : operands.bias + first_channel,
                        .relu_output = operands.relu_output == nullptr
                                           ? nullptr
                                           : operands.relu_output + first_channel,
                        .signal_slope = slopes_.signal,
                        .output_slope = slopes_.output,
                        .dst = operands.dst + first_channel};
  for (int tile = tiles.first; tile < tiles.last; ++tile) {
    maps_.dst.locate(tile, pixels);
    output.src = scratch.sums + std::int64_t{tile - tiles.first} * width;
    machine_.leaves.output(output);
  }
}

}  // namespace allconv::kernels
