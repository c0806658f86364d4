#include "kernels/conv2d/winograd_rows.hpp"

#include <string>

namespace allconv::kernels {

namespace {

// Products an image, in units of c * k.
int products(const TiledMaps& maps, WinogradKind kind) {
  const auto [inputs, points, kernel_points, outputs] = winograd_sizes(kind);
  TiledMaps tiled = maps;
  tiled.dst_step = outputs;
  return points * points * tiled.tiles_an_image();
}

std::string by(int rows, int columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

}  // namespace

WinogradMachine winograd_machine(WinogradKind kind, Isa isa) {
  const WinogradSizes sizes = winograd_sizes(kind);
  if (isa == Isa::avx512) {
    return {sizes, avx512::kPanelShape, avx512::multiply_panel, avx512::winograd_leaves(kind)};
  }
  return {sizes, avx2::kPanelShape, avx2::multiply_panel, avx2::winograd_leaves(kind)};
}

Verdict winograd_fits(const Conv2dProblem& problem, WinogradKind kind) {
  if (problem.r != 3 || problem.s != 3) {
    return Verdict::refuse("window " + by(problem.r, problem.s) + " is not 3x3: use a direct row");
  }
  const bool strided = kind == WinogradKind::stride2 || kind == WinogradKind::stride2_gradient;
  const int stride = strided ? 2 : 1;
  if (problem.stride_h != stride || problem.stride_w != stride) {
    return Verdict::refuse("stride " + by(problem.stride_h, problem.stride_w) + " is not " +
                           by(stride, stride) + ": use another row");
  }
  return Verdict::accept();
}

Verdict winograd_pays(const TiledMaps& maps, WinogradKind kind, int direct_products) {
  // The transforms of a tile cost about as much as this many channels of products.
  constexpr int kChannels = 16;
  if (maps.c < kChannels) {
    return Verdict::refuse(std::to_string(maps.c) +
                           " channels do not pay for their transforms: use a direct row");
  }
  const int own = products(maps, kind);
  if (4 * own > 3 * direct_products) {
    return Verdict::refuse(std::to_string(own) + " products instead of " +
                           std::to_string(direct_products) +
                           " do not pay for the transforms: use a direct row");
  }
  // Weights of F(2x2) take less than half of the memory.
  if (kind == WinogradKind::f4 && products(maps, WinogradKind::f2) <= own) {
    return Verdict::refuse("F(2x2) needs no more products on a map of " +
                           by(maps.dst_h, maps.dst_w) + ": use it");
  }
  return Verdict::accept();
}

}  // namespace allconv::kernels
