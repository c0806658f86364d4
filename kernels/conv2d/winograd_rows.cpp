#include "kernels/conv2d/winograd_rows.hpp"

#include <string>

namespace allconv::kernels {

namespace {

// Products an image, in units of c * k.
int products(const TileGrid& dst, WinogradKind kind) {
  const int points = winograd_sizes(kind).points;
  return points * points * winograd_maps(kind, {}, dst).dst.tiles_an_image();
}

std::string by(int rows, int columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

}  // namespace

WinogradMachine winograd_machine(WinogradKind kind, Isa isa) {
  const WinogradSizes sizes = winograd_sizes(kind);
  switch (isa) {
    case Isa::avx512:
      return {sizes, avx512::kPanelShape, avx512::multiply_panel, avx512::winograd_leaves(kind)};
    case Isa::avx2:
      return {sizes, avx2::kPanelShape, avx2::multiply_panel, avx2::winograd_leaves(kind)};
    case Isa::portable: break;
  }
  return {sizes, portable::kPanelShape, portable::multiply_panel, portable::winograd_leaves(kind)};
}

namespace {

// Refuses other windows than 3x3 and other strides than the kind's.
Verdict fits(const Conv2dProblem& problem, WinogradKind kind) {
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

}  // namespace

Verdict winograd_accepts(const Conv2dProblem& problem, WinogradKind kind, const TiledMaps& maps) {
  const Verdict window = fits(problem, kind);
  if (!window.accepted()) return window;
  // The transforms of a tile cost about as much as this many channels of products.
  constexpr int kChannels = 16;
  constexpr int kTaps = 9;
  if (maps.src.c < kChannels) {
    return Verdict::refuse(std::to_string(maps.src.c) +
                           " channels do not pay for their transforms: use a direct row");
  }
  // They would fill a quarter of a vector.
  constexpr int kFewOutputs = 4;
  if (maps.dst.c <= kFewOutputs) {
    return Verdict::refuse(std::to_string(maps.dst.c) +
                           " channels are too few to be computed a panel at a time: use a direct "
                           "row");
  }
  const int own = products(maps.dst, kind);
  const int direct = kTaps * problem.p() * problem.q();
  if (4 * own > 3 * direct) {
    return Verdict::refuse(std::to_string(own) + " products instead of " + std::to_string(direct) +
                           " do not pay for the transforms: use a direct row");
  }
  // Weights of F(2x2) take less than half of the memory.
  if (kind == WinogradKind::f4 && products(maps.dst, WinogradKind::f2) <= own) {
    return Verdict::refuse("F(2x2) needs no more products on a map of " +
                           by(maps.dst.h, maps.dst.w) + ": use it");
  }
  return Verdict::accept();
}

TiledMaps winograd_maps(WinogradKind kind, TileGrid src, TileGrid dst) {
  const auto [inputs, points, kernel_points, outputs] = winograd_sizes(kind);
  src.size = inputs;
  dst.size = dst.step = outputs;
  src.tiles_h = dst.tiles_h = divide_up(dst.h - dst.top, outputs);
  src.tiles_w = dst.tiles_w = divide_up(dst.w - dst.left, outputs);
  return {.src = src, .dst = dst};
}

TiledMaps winograd_forward_maps(const Conv2dProblem& problem, WinogradKind kind) {
  return winograd_maps(kind,
                       {.n = problem.n,
                        .h = problem.h,
                        .w = problem.w,
                        .c = problem.c,
                        .top = -problem.pad.top,
                        .left = -problem.pad.left,
                        .step = winograd_sizes(kind).outputs * problem.stride_h},
                       {.n = problem.n, .h = problem.p(), .w = problem.q(), .c = problem.k});
}

}  // namespace allconv::kernels
