// conv2d_data_gradient_cpu_winograd{4,2,_stride2}_{avx512,avx2,portable}: data gradient of a 3x3
// convolution, with the rule of the ReLU below fused, by Winograd's minimal filtering.
//
// Computes  stride 1: the convolution of d_dst with the window turned around; stride 2: 8x8
//           gradients from 5x5 of d_dst by 81 products instead of 144
// Layout    NHWC in and out, dense; weights turned, transformed ahead: (panel)(points)(k,width)
// Tiles     as in the forward pass; panels are of input channels
// Requires  a 3x3 window; maps and channels that pay for the transforms
// Bound by  FMA throughput, and reading panels from L3 where maps are small
#include <algorithm>

#include "kernels/conv2d/winograd_rows.hpp"

namespace allconv::kernels {

namespace {

constexpr int kTaps = 9;

// One dimension of a tiled map: where the first tile begins.
struct TileStart {
  int src = 0;
  int dst = 0;
};

TileStart tile_start(int pad, WinogradKind kind) {
  if (kind != WinogradKind::stride2_gradient) return {.src = pad - 2, .dst = 0};
  // A tile begins with a row under tap 1 alone: row -1 where the padding is even.
  return {.src = (pad + 1) / 2 - 1, .dst = pad % 2 - 1};
}

TiledMaps tiled_maps(const Conv2dProblem& problem, WinogradKind kind) {
  const TileStart rows = tile_start(problem.pad.top, kind);
  const TileStart columns = tile_start(problem.pad.left, kind);
  return winograd_maps(kind,
                       {.n = problem.n,
                        .h = problem.p(),
                        .w = problem.q(),
                        .c = problem.k,
                        .top = rows.src,
                        .left = columns.src,
                        .step = winograd_sizes(kind).outputs / problem.stride_h},
                       {.n = problem.n,
                        .h = problem.h,
                        .w = problem.w,
                        .c = problem.c,
                        .top = rows.dst,
                        .left = columns.dst});
}

class DataGradientWinograd final : public WinogradKernel<Conv2dDataGradient> {
 public:
  DataGradientWinograd(const Conv2dProblem& problem, WinogradKind kind, Isa isa)
      : WinogradKernel(problem, tiled_maps(problem, kind), winograd_machine(kind, isa)),
        reads_output_(relu_slopes(problem).output != 1) {}

 private:
  WinogradConvolution::Operands operands(
      const Conv2dDataGradient::Arguments& arguments) const override {
    return {.src = arguments.d_dst,  // (n,p,q,k)
            .weights = reinterpret_cast<const float*>(arguments.weights),
            .relu_output = reads_output_ ? arguments.relu_output : nullptr,
            .dst = arguments.d_src};  // (n,h,w,c)
  }

  // Panels are of output channels, those wanted of input channels: one output channel at a time,
  // its windows turned around.
  void transform(const float* panels, float* packed) const override {
    const PanelBlocks& blocks = convolution().blocks();
    std::vector<float> turned(std::size_t{kTaps} *
                              static_cast<std::size_t>(blocks.shape.width()));  // (3,3,width)
    for (int block = 0; block < blocks.count(); ++block) {
      const int width = blocks.width(block);
      std::fill(turned.begin(), turned.end(), 0.0F);
      for (int k = 0; k < convolution().maps().src.c; ++k) {
        const int from = k / form().blocks().shape.width();  // the panel that has channel k
        for (int tap = 0; tap < kTaps; ++tap) {
          const float* weights = panels + form().at(from, tap, blocks.first(block)) +
                                 (k - form().blocks().first(from));
          float* to =  // (width)
              turned.data() + (kTaps - 1 - tap) * width;
          const std::int64_t stride = form().blocks().width(from);
          for (int c = 0; c < blocks.size(block); ++c) to[c] = weights[c * stride];
        }
        convolution().transform_weights(block, k, {.src = turned.data(), .tap_stride = width},
                                        packed);
      }
    }
  }

  bool reads_output_;
};

}  // namespace

Verdict conv2d_data_gradient_accepts_winograd(const Conv2dProblem& problem, WinogradKind kind) {
  return winograd_accepts(problem, kind, tiled_maps(problem, kind));
}

std::unique_ptr<const PreparedKernel<Conv2dDataGradient>> conv2d_data_gradient_prepare_winograd(
    const Conv2dProblem& problem, WinogradKind kind, Isa isa) {
  return std::make_unique<DataGradientWinograd>(problem, kind, isa);
}

}  // namespace allconv::kernels
