// The leaf functions of winograd.hpp: each a one-dimensional transform of winograd_transforms.hpp,
// applied to the columns of a tile, then to its rows, for one vector of channels at a time.
//
// Bound by  loads and stores that hit L1 and L2: (6,6) vectors in and out for some 150 additions
#include <type_traits>

#include "kernels/conv2d/winograd.hpp"
#include "kernels/conv2d/winograd_transforms.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

template <class Transform>
void transform_input(const WinogradInput& tile) {
  constexpr int kInputs = Transform::kInputs;
  constexpr int kPoints = Transform::kPoints;
  for_each_vector(tile.channels, [&](std::int64_t c, auto lanes) {
    Floats rows[kPoints][kInputs];
#pragma GCC unroll 9
    for (int x = 0; x < kInputs; ++x) {
      Floats column[kInputs];
      Floats points[kPoints];
#pragma GCC unroll 9
      for (int y = 0; y < kInputs; ++y) column[y] = load(tile.pixels[y * kInputs + x] + c, lanes);
      Transform::input(column, points);
#pragma GCC unroll 9
      for (int y = 0; y < kPoints; ++y) rows[y][x] = points[y];
    }
    float* dst = tile.dst + c;
#pragma GCC unroll 9
    for (int y = 0; y < kPoints; ++y) {
      Floats points[kPoints];
      Transform::input(rows[y], points);
#pragma GCC unroll 9
      for (int x = 0; x < kPoints; ++x, dst += tile.point_stride) store(dst, points[x], AllLanes{});
    }
  });
}

template <class Transform>
void transform_weights(const WinogradWeights& weights) {
  constexpr int kPoints = Transform::kKernelPoints;
  for (int k = 0; k < weights.width; k += kWidth) {
    Floats rows[kPoints][3];
#pragma GCC unroll 3
    for (int x = 0; x < 3; ++x) {
      Floats column[3];
      Floats points[kPoints];
#pragma GCC unroll 3
      for (int y = 0; y < 3; ++y) {
        column[y] = load(weights.src + (y * 3 + x) * weights.tap_stride + k, AllLanes{});
      }
      Transform::kernel(column, points);
#pragma GCC unroll 6
      for (int y = 0; y < kPoints; ++y) rows[y][x] = points[y];
    }
    float* dst = weights.dst + k;
#pragma GCC unroll 6
    for (int y = 0; y < kPoints; ++y) {
      Floats points[kPoints];
      Transform::kernel(rows[y], points);
#pragma GCC unroll 6
      for (int x = 0; x < kPoints; ++x, dst += weights.point_stride) {
        store(dst, points[x], AllLanes{});
      }
    }
  }
}

// Which of an epilogue's two factors may differ from 1.
template <bool kBySignal, bool kByOutput>
struct Factors {
  template <class Lanes>
  [[gnu::always_inline]] static void finish(const WinogradOutput& tile, Floats value,
                                            std::int64_t at, Lanes lanes) {
    const Floats zero = broadcast(0);
    Floats result = value;
    if constexpr (kBySignal) {
      result = select(greater(value, zero), value, broadcast(tile.signal_slope) * value);
    }
    if constexpr (kByOutput) {
      const Floats output = load(tile.relu_output + at, lanes);
      result = select(greater(output, zero), result, broadcast(tile.output_slope) * result);
    }
    store(tile.dst + at, result, lanes);
  }
};

template <class Transform, class Epilogue>
void transform_output_with(const WinogradOutput& tile) {
  constexpr int kPoints = Transform::kPoints;
  constexpr int kOutputs = Transform::kOutputs;
  for_each_vector(tile.channels, [&](std::int64_t k, auto lanes) {
    Floats rows[kOutputs][kPoints];
#pragma GCC unroll 9
    for (int x = 0; x < kPoints; ++x) {
      Floats column[kPoints];
      Floats outputs[kOutputs];
      const float* src = tile.src + x * tile.point_stride + k;
#pragma GCC unroll 9
      for (int y = 0; y < kPoints; ++y, src += kPoints * tile.point_stride) {
        column[y] = load(src, AllLanes{});
      }
      Transform::output(column, outputs);
#pragma GCC unroll 8
      for (int y = 0; y < kOutputs; ++y) rows[y][x] = outputs[y];
    }
    const Floats bias = tile.bias == nullptr ? broadcast(0) : load(tile.bias + k, lanes);
#pragma GCC unroll 8
    for (int y = 0; y < kOutputs; ++y) {
      Floats outputs[kOutputs];
      Transform::output(rows[y], outputs);
#pragma GCC unroll 8
      for (int x = 0; x < kOutputs; ++x) {
        const std::int64_t pixel = tile.pixels[y * kOutputs + x];
        if (pixel >= 0) Epilogue::finish(tile, outputs[x] + bias, pixel + k, lanes);
      }
    }
  });
}

// The choice is made once a tile, not once a vector.
template <class Transform>
void transform_output(const WinogradOutput& tile) {
  const bool by_signal = tile.signal_slope != 1;
  if (tile.relu_output == nullptr) {
    if (by_signal) return transform_output_with<Transform, Factors<true, false>>(tile);
    return transform_output_with<Transform, Factors<false, false>>(tile);
  }
  if (by_signal) return transform_output_with<Transform, Factors<true, true>>(tile);
  transform_output_with<Transform, Factors<false, true>>(tile);
}

template <class Transform>
void transform_signal(const WinogradSignal& tile) {
  constexpr int kOutputs = Transform::kOutputs;
  constexpr int kPoints = Transform::kPoints;
  for_each_vector(tile.channels, [&](std::int64_t k, auto lanes) {
    Floats rows[kPoints][kOutputs];
#pragma GCC unroll 4
    for (int x = 0; x < kOutputs; ++x) {
      Floats column[kOutputs];
      Floats points[kPoints];
#pragma GCC unroll 4
      for (int y = 0; y < kOutputs; ++y) {
        column[y] = load(tile.pixels[y * kOutputs + x] + k, lanes);
      }
      Transform::signal(column, points);
#pragma GCC unroll 9
      for (int y = 0; y < kPoints; ++y) rows[y][x] = points[y];
    }
    float* dst = tile.dst + k;
#pragma GCC unroll 9
    for (int y = 0; y < kPoints; ++y) {
      Floats points[kPoints];
      Transform::signal(rows[y], points);
#pragma GCC unroll 9
      for (int x = 0; x < kPoints; ++x, dst += tile.point_stride) store(dst, points[x], AllLanes{});
    }
  });
}

template <class Transform>
void transform_gradient(const WinogradGradient& gradient) {
  constexpr int kPoints = Transform::kKernelPoints;
  for (int k = 0; k < gradient.width; k += kWidth) {
    Floats rows[3][kPoints];
#pragma GCC unroll 6
    for (int x = 0; x < kPoints; ++x) {
      Floats column[kPoints];
      Floats taps[3];
      const float* src = gradient.src + x * gradient.point_stride + k;
#pragma GCC unroll 6
      for (int y = 0; y < kPoints; ++y, src += kPoints * gradient.point_stride) {
        column[y] = load(src, AllLanes{});
      }
      Transform::gradient(column, taps);
#pragma GCC unroll 3
      for (int y = 0; y < 3; ++y) rows[y][x] = taps[y];
    }
    float* dst = gradient.dst + k;
#pragma GCC unroll 3
    for (int y = 0; y < 3; ++y) {
      Floats taps[3];
      Transform::gradient(rows[y], taps);
#pragma GCC unroll 3
      for (int x = 0; x < 3; ++x, dst += gradient.tap_stride) {
        const Floats before = gradient.accumulate ? load(dst, AllLanes{}) : broadcast(0);
        store(dst, before + taps[x], AllLanes{});
      }
    }
  }
}

// The data gradient of stride 2 is a kind of its own, whose weights have no gradient.
template <class Transform>
constexpr WinogradLeaves leaves() {
  WinogradLeaves leaves{.input = transform_input<Transform>,
                        .weights = transform_weights<Transform>,
                        .output = transform_output<Transform>};
  if constexpr (!std::is_same_v<Transform, Winograd4Stride2Gradient>) {
    leaves.signal = transform_signal<Transform>;
    leaves.gradient = transform_gradient<Transform>;
  }
  return leaves;
}

}  // namespace

WinogradLeaves winograd_leaves(WinogradKind kind) {
  switch (kind) {
    case WinogradKind::f4: return leaves<Winograd4>();
    case WinogradKind::f2: return leaves<Winograd2>();
    case WinogradKind::stride2: return leaves<Winograd4Stride2>();
    case WinogradKind::stride2_gradient: return leaves<Winograd4Stride2Gradient>();
  }
  return {};
}

}  // namespace allconv::kernels::ALLCONV_ISA
