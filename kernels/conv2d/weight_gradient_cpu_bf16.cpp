// conv2d_weight_gradient_cpu_bf16_{amx,portable}: gradient with respect to weights and bias, sums
// over pixels of products of factors that are rounded to bf16, for any shape. The bias's sums are
// of fp32.
//
// Layout    NHWC; the gradient in panels of output channels, (panel)(r,s,c,width), as PanelForm
// Tiles     see bf16_gradient_tiles.cpp. Pixels become a list with the padding between rows, so
//           that a tap is a distance: src (phases)(c,pixels), a phase being what rows and columns
//           of equal remainders by the stride see; d_dst (blocks)(pixels / 32)(16,16,2)
// Requires  amx: tile registers; portable: nothing, slow, to show what the other does
// Bound by  tile products
#include <algorithm>
#include <vector>

#include "kernels/conv2d/bf16_gradient.hpp"
#include "kernels/conv2d/bf16_rows.hpp"
#include "kernels/conv2d/weight_gradient.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv::kernels {

namespace {

Bf16GradientLeaves gradient_leaves(bool by_registers) {
#if defined(__x86_64__)
  if (by_registers) return amx::bf16_gradient_leaves();
#endif
  return portable::bf16_gradient_leaves();
}

class WeightGradientBf16 final : public WeightGradientKernel {
 public:
  WeightGradientBf16(const Conv2dProblem& problem, bool by_registers)
      : WeightGradientKernel(problem, by_registers ? Isa::avx512 : Isa::portable),
        leaves_(gradient_leaves(by_registers)),
        list_{.rows = divide_up((problem.p() - 1) * problem.stride_h + problem.r, problem.stride_h),
              .columns =
                  divide_up((problem.q() - 1) * problem.stride_w + problem.s, problem.stride_w)},
        zeros_(static_cast<std::size_t>(std::max(problem.c, problem.k)), 0.0F) {
    // As many images as leave room for sums in the second-level cache.
    constexpr std::int64_t kElements = 256 << 10;
    const std::int64_t image =
        std::int64_t{list_.size()} * (std::int64_t{phases()} * problem.c + problem.k);
    images_at_once_ = static_cast<int>(std::clamp<std::int64_t>(kElements / image, 1, problem.n));
    chunks_ = divide_up(images_at_once_ * list_.size(), kTileDepth);
    left_chunks_ = chunks_ + divide_up(distance(problem.r - 1, problem.s - 1), kTileDepth);
    for (int r = 0; r < problem.r; ++r) {
      for (int s = 0; s < problem.s; ++s) {
        const int phase = r % problem.stride_h * problem.stride_w + s % problem.stride_w;
        tap_offsets_.push_back(phase * phase_size() + distance(r, s));
      }
    }
  }

  std::size_t workspace_bytes() const override {
    return align_up(left_bytes()) + align_up(right_bytes()) + sum_bytes();
  }

  // Pairs of blocks of 16 output channels.
  int parts() const override { return divide_up(problem().k, kBlockWidth); }

  void run_parts(const ExecutionContext& context, const Conv2dWeightGradient::Arguments& arguments,
                 Interval parts) const override {
    std::byte* const memory = context.scratch.data();
    const Scratch scratch{
        .left = reinterpret_cast<std::uint16_t*>(memory),
        .right = reinterpret_cast<std::uint16_t*>(memory + align_up(left_bytes())),
        .sums =
            reinterpret_cast<float*>(memory + align_up(left_bytes()) + align_up(right_bytes()))};
    const Interval channels{.first = parts.first * kBlockWidth,
                            .last = std::min(problem().k, parts.last * kBlockWidth)};
    for (int image = 0; image < problem().n; image += images_at_once_) {
      const Interval images{image, std::min(problem().n, image + images_at_once_)};
      for (int phase = 0; phase < phases(); ++phase) {
        gather_left(scratch, arguments.src, images, phase);
      }
      gather_right(scratch, arguments.d_dst, images, channels);
      multiply(scratch, channels, image > 0);
    }
    add_sums(scratch, arguments, channels);
    for (int part = parts.first; part < parts.last; ++part) sum_signals(arguments, part);
  }

 private:
  // The pixels of one phase of an image with its padding.
  struct PixelList {
    int rows = 0;
    int columns = 0;
    int size() const { return rows * columns; }
  };
  struct Scratch {
    std::uint16_t* left;   // (phases)(c filled up to 16,left_chunks * 32)
    std::uint16_t* right;  // (k / 16)(chunks)(16,16,2)
    float* sums;           // (c / 16)(pairs of k / 16)(taps,2)(16,16)
  };

  int phases() const { return problem().stride_h * problem().stride_w; }
  int taps() const { return problem().r * problem().s; }
  int distance(int r, int s) const {
    return r / problem().stride_h * list_.columns + s / problem().stride_w;
  }
  std::int64_t left_stride() const { return std::int64_t{left_chunks_} * kTileDepth; }
  std::int64_t phase_size() const { return round_up(problem().c, kTileRows) * left_stride(); }
  std::int64_t block_size() const { return chunks_ * kRightTile; }
  std::size_t left_bytes() const {
    return static_cast<std::size_t>(phases() * phase_size()) * sizeof(std::uint16_t);
  }
  std::size_t right_bytes() const {
    return static_cast<std::size_t>(divide_up(problem().k, kTileWidth) * block_size()) *
           sizeof(std::uint16_t);
  }
  std::size_t sum_bytes() const {
    return static_cast<std::size_t>(divide_up(problem().c, kTileRows)) *
           static_cast<std::size_t>(parts() * taps()) * 2 * kSumTile * sizeof(float);
  }
  // The sums of some channels: (taps,blocks)(16,16).
  float* sums_of(const Scratch& scratch, int c_tile, int pair) const {
    const std::int64_t at = std::int64_t{c_tile} * parts() + pair;
    return scratch.sums + at * taps() * 2 * kSumTile;
  }
  int blocks_of(int pair) const { return problem().k - pair * kBlockWidth > kTileWidth ? 2 : 1; }

  // Calls gather(chunk, pixels) with where the channels of 32 pixels of the list lie. `at` gives it
  // for an image, a row and a column of the list, null where there is no pixel.
  template <class At, class Gather>
  void for_each_chunk(Interval images, int chunks, const At& at, const Gather& gather) const {
    const float* pixels[kTileDepth];
    int image = images.first, row = 0, column = 0;
    for (int chunk = 0; chunk < chunks; ++chunk) {
      for (const float*& pixel : pixels) {
        const float* const found = image < images.last ? at(image, row, column) : nullptr;
        pixel = found == nullptr ? zeros_.data() : found;
        if (++column < list_.columns) continue;
        column = 0;
        if (++row < list_.rows) continue;
        row = 0;
        ++image;
      }
      gather(chunk, pixels);
    }
  }

  void gather_left(const Scratch& scratch, const float* src, Interval images, int phase) const {
    const Conv2dProblem& of = problem();
    const int first_row = phase / of.stride_w - of.pad.top;
    const int first_column = phase % of.stride_w - of.pad.left;
    const auto at = [&](int image, int list_row, int list_column) -> const float* {
      const int row = first_row + list_row * of.stride_h;
      const int column = first_column + list_column * of.stride_w;
      if (row < 0 || row >= of.h || column < 0 || column >= of.w) return nullptr;
      return src + ((std::int64_t{image} * of.h + row) * of.w + column) * of.c;
    };
    std::uint16_t* const to = scratch.left + phase * phase_size();
    for_each_chunk(images, left_chunks_, at, [&](int chunk, const float* const* pixels) {
      leaves_.gather_left({.pixels = pixels,
                           .channels = of.c,
                           .dst = to + std::int64_t{chunk} * kTileDepth,
                           .stride = left_stride()});
    });
  }

  void gather_right(const Scratch& scratch, const float* d_dst, Interval images,
                    Interval channels) const {
    const Conv2dProblem& of = problem();
    const int p = of.p(), q = of.q();
    const auto at = [&](int image, int row, int column) -> const float* {
      if (row >= p || column >= q) return nullptr;
      return d_dst + ((std::int64_t{image} * p + row) * q + column) * of.k + channels.first;
    };
    std::uint16_t* const to = scratch.right + channels.first / kTileWidth * block_size();
    for_each_chunk(images, chunks_, at, [&](int chunk, const float* const* pixels) {
      leaves_.gather_right({.pixels = pixels,
                            .channels = channels.size(),
                            .dst = to + chunk * kRightTile,
                            .stride = block_size()});
    });
  }

  void multiply(const Scratch& scratch, Interval channels, bool accumulate) const {
    for (int c = 0; c < problem().c; c += kTileRows) {
      for (int k = channels.first; k < channels.last; k += kBlockWidth) {
        const int pair = k / kBlockWidth;
        leaves_.multiply({.left = scratch.left + c * left_stride(),
                          .left_stride = left_stride(),
                          .tap_offsets = tap_offsets_.data(),
                          .taps = taps(),
                          .right = scratch.right + 2 * pair * block_size(),
                          .blocks = blocks_of(pair),
                          .chunks = chunks_,
                          .sums = sums_of(scratch, c / kTileRows, pair),
                          .accumulate = accumulate});
      }
    }
  }

  // Into the panels.
  void add_sums(const Scratch& scratch, const Conv2dWeightGradient::Arguments& arguments,
                Interval channels) const {
    const PanelBlocks& panels = form().blocks();
    auto* const d_weights = reinterpret_cast<float*>(arguments.d_weights);
    for (int c = 0; c < problem().c; ++c) {
      for (int k = channels.first; k < channels.last;) {
        const int pair = k / kBlockWidth, column = k % kTileWidth;
        const int panel = k / panels.shape.width(), place = k % panels.shape.width();
        const int count =
            std::min({kTileWidth - column, panels.shape.width() - place, channels.last - k});
        const int block = k / kTileWidth % 2;
        const float* sums = sums_of(scratch, c / kTileRows, pair) + block * kSumTile +
                            c % kTileRows * kTileWidth + column;
        for (int tap = 0; tap < taps(); ++tap, sums += blocks_of(pair) * kSumTile) {
          float* const to = d_weights + form().at(panel, tap, c) + place;
          for (int i = 0; i < count; ++i) to[i] = arguments.accumulate ? to[i] + sums[i] : sums[i];
        }
        k += count;
      }
    }
  }

  void sum_signals(const Conv2dWeightGradient::Arguments& arguments, int part) const {
    static constexpr std::int64_t kNoOffset = 0;
    const int end = std::min(problem().k, (part + 1) * kBlockWidth);
    for (int first = part * kBlockWidth; first < end;) {
      const int channels = std::min(end - first, machine().shape.width());
      add_bias({.signal = arguments.d_dst + first,
                .signal_offsets = &kNoOffset,
                .signal_stride = problem().k,
                .runs = 1,
                .pixels = problem().n * problem().p() * problem().q(),
                .channels = channels,
                .accumulate = arguments.accumulate},
               arguments.d_bias + first);
      first += channels;
    }
  }

  Bf16GradientLeaves leaves_;
  PixelList list_;
  std::vector<std::int64_t> tap_offsets_;  // in the left factor
  std::vector<float> zeros_;               // a pixel outside of either map
  int images_at_once_ = 1;
  int chunks_ = 0;       // of 32 pixels, of all images at once
  int left_chunks_ = 0;  // with what the farthest tap reads behind them
};

}  // namespace

std::unique_ptr<const PreparedKernel<Conv2dWeightGradient>> conv2d_weight_gradient_prepare_bf16(
    const Conv2dProblem& problem, bool by_registers) {
  return std::make_unique<WeightGradientBf16>(problem, by_registers);
}

}  // namespace allconv::kernels
