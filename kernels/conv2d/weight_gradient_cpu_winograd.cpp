// conv2d_weight_gradient_cpu_winograd{4,_stride2}_{avx512,avx2,portable}: gradient with respect to
// 3x3 weights and bias by Winograd's minimal filtering.
//
// Computes  G^T [sum over tiles of (B^T src B) x (A d_dst A^T)] G: the transpose of the forward
//           pass in its weights, 36 products for a tile of 4x4 signals instead of 144 (stride 2:
//           81)
// Layout    NHWC; the gradient in panels of output channels, (panel)(r,s,c,width), as PanelForm
// Tiles     blocks of up to 128 of them, (points,tiles,c) and (panels,points,tiles,width); sums
//           stay at the points, (panels,points)(c,width), until all images are in
// Requires  a 3x3 window; maps and channels that pay for the transforms
// Bound by  FMA throughput, and L3 where tiles and sums exceed L2
#include <algorithm>
#include <vector>

#include "kernels/conv2d/weight_gradient.hpp"
#include "kernels/conv2d/winograd_rows.hpp"

namespace allconv::kernels {

namespace {

constexpr int kTilesAtOnce = 128;

class WeightGradientWinograd final : public WeightGradientKernel {
 public:
  WeightGradientWinograd(const Conv2dProblem& problem, WinogradKind kind, Isa isa)
      : WeightGradientKernel(problem, isa),
        sizes_(winograd_sizes(kind)),
        leaves_(winograd_machine(kind, isa).leaves),
        maps_(winograd_forward_maps(problem, kind)),
        products_(winograd_products(sizes_)),
        zeros_(static_cast<std::size_t>(std::max(problem.c, problem.k)), 0.0F) {
    const int tiles = maps_.src.tiles();
    tiles_at_once_ = divide_up(tiles, divide_up(tiles, kTilesAtOnce));
    channels_ = round_up(problem.c, form().blocks().shape.lanes);
    tiles_stride_ = TileMemory::point_stride_of(tiles_at_once_, channels_);
  }

  std::size_t workspace_bytes() const override {
    return sizeof(float) * static_cast<std::size_t>(points() * tiles_stride_ + signals_floats() +
                                                    sums_offset(form().blocks().count()));
  }

  int parts() const override { return form().blocks().count(); }

  void run_parts(const ExecutionContext& context, const Conv2dWeightGradient::Arguments& arguments,
                 Interval panels) const override {
    auto* const memory = reinterpret_cast<float*>(context.scratch.data());
    const Scratch scratch{
        .tiles = {.first = memory, .tile_stride = channels_, .point_stride = tiles_stride_},
        .signals = memory + points() * tiles_stride_,
        .sums = memory + points() * tiles_stride_ + signals_floats()};
    const int tiles = maps_.src.tiles();
    for (int first = 0; first < tiles; first += tiles_at_once_) {
      const Interval some{.first = first, .last = std::min(tiles, first + tiles_at_once_)};
      transform_inputs(scratch, arguments.src, some);
      for (int panel = panels.first; panel < panels.last; ++panel) {
        transform_signals(scratch, arguments.d_dst, some, panel);
      }
      multiply(scratch, some, panels);
    }
    for (int panel = panels.first; panel < panels.last; ++panel) {
      transform_sums(scratch, arguments, panel);
      sum_signals(arguments, panel);
    }
  }

 private:
  struct Scratch {
    TileMemory tiles;
    float* signals;  // (panels)(points,tiles,width)
    float* sums;     // (panels)(kernel points)(c,width)
  };

  std::int64_t points() const { return std::int64_t{sizes_.points} * sizes_.points; }
  std::int64_t signals_stride(int panel) const {
    return TileMemory::point_stride_of(tiles_at_once_, form().blocks().width(panel));
  }
  std::int64_t signals_offset(int panel) const { return panel * points() * signals_stride(0); }
  std::int64_t signals_floats() const { return signals_offset(form().blocks().count()); }
  std::int64_t sums_offset(int panel) const {
    const std::int64_t kernel_points = std::int64_t{sizes_.kernel_points} * sizes_.kernel_points;
    return kernel_points * std::min(form().blocks().first(panel), form().blocks().total_width()) *
           problem().c;
  }

  TileMemory signals_of(const Scratch& scratch, int panel) const {
    return {.first = scratch.signals + signals_offset(panel),
            .tile_stride = form().blocks().width(panel),
            .point_stride = signals_stride(panel)};
  }

  void transform_inputs(const Scratch& scratch, const float* src, Interval tiles) const {
    transform_tiles(leaves_.input,
                    {.grid = maps_.src,
                     .map = src,
                     .zeros = zeros_.data(),
                     .channels = problem().c,
                     .tiles = tiles},
                    scratch.tiles);
  }

  void transform_signals(const Scratch& scratch, const float* d_dst, Interval tiles,
                         int panel) const {
    transform_tiles(leaves_.signal,
                    {.grid = maps_.dst,
                     .map = d_dst + form().blocks().first(panel),
                     .zeros = zeros_.data(),
                     .channels = form().blocks().size(panel),
                     .tiles = tiles},
                    signals_of(scratch, panel));
  }

  // Points outermost: one point's tiles, signals and sums fit L2. Points that share a kernel point
  // add to the same sums, in their order.
  void multiply(const Scratch& scratch, Interval tiles, Interval panels) const {
    static constexpr std::int64_t kNoOffset = 0;
    RankUpdate update{.src_offsets = &kNoOffset,
                      .signal_offsets = &kNoOffset,
                      .src_stride = channels_,
                      .pixels = tiles.size(),
                      .rows = problem().c};
    int before = -1;  // the kernel point of the point before
    for (const int point : products_) {
      const int kernel_point = winograd_kernel_point(sizes_, point);
      update.src = scratch.tiles.first + point * tiles_stride_;
      update.accumulate = tiles.first > 0 || kernel_point == before;
      before = kernel_point;
      for (int panel = panels.first; panel < panels.last; ++panel) {
        const int width = form().blocks().width(panel);
        const TileMemory signals = signals_of(scratch, panel);
        update.signal = signals.first + point * signals.point_stride;
        update.signal_stride = width;
        update.channels = width;
        update.dst =
            scratch.sums + sums_offset(panel) + std::int64_t{kernel_point} * problem().c * width;
        machine().update(update);
      }
    }
  }

  void transform_sums(const Scratch& scratch, const Conv2dWeightGradient::Arguments& arguments,
                      int panel) const {
    const std::int64_t width = form().blocks().width(panel);
    auto* const d_weights = reinterpret_cast<float*>(arguments.d_weights);  // panels of (r,s,c,k)
    for (int c = 0; c < problem().c; ++c) {
      leaves_.gradient({.src = scratch.sums + sums_offset(panel) + c * width,
                        .point_stride = problem().c * width,
                        .width = static_cast<int>(width),
                        .dst = d_weights + form().at(panel, 0, c),
                        .tap_stride = problem().c * width,
                        .accumulate = arguments.accumulate});
    }
  }

  void sum_signals(const Conv2dWeightGradient::Arguments& arguments, int panel) const {
    static constexpr std::int64_t kNoOffset = 0;
    const int first = form().blocks().first(panel);
    const RankUpdate signals{.signal = arguments.d_dst + first,
                             .signal_offsets = &kNoOffset,
                             .signal_stride = problem().k,
                             .runs = 1,
                             .pixels = problem().n * problem().p() * problem().q(),
                             .channels = form().blocks().size(panel),
                             .accumulate = arguments.accumulate};
    add_bias(signals, arguments.d_bias + first);
  }

  WinogradSizes sizes_;
  WinogradLeaves leaves_;
  TiledMaps maps_;
  std::vector<int> products_;  // the points in the order of their kernel points
  std::vector<float> zeros_;   // a pixel outside of either map
  int tiles_at_once_ = 0;
  std::int64_t channels_ = 0;      // (c) filled up to whole vectors
  std::int64_t tiles_stride_ = 0;  // between points
};

}  // namespace

Verdict conv2d_weight_gradient_accepts_winograd(const Conv2dProblem& problem, WinogradKind kind) {
  return winograd_accepts(problem, kind, winograd_forward_maps(problem, kind));
}

std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_winograd(
    const Conv2dProblem& problem, WinogradKind kind, Isa isa) {
  return std::make_unique<WeightGradientWinograd>(problem, kind, isa);
}

}  // namespace allconv::kernels
