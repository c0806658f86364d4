// The leaf functions of winograd.hpp: each a one-dimensional transform of winograd_transforms.hpp,
// applied to the columns of a tile, then to its rows, for one vector of channels at a time.
//
// Bound by  loads and stores that hit L1 and L2: (6,6) vectors in and out for some 150 additions
#include <type_traits>

#include "kernels/conv2d/epilogue_simd.hpp"
#include "kernels/conv2d/winograd.hpp"
#include "kernels/conv2d/winograd_transforms.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

// A one-dimensional transform as a step from kFrom to kTo values: what apply_twice() needs.
template <class Transform>
struct InputStep {
  static constexpr int kFrom = Transform::kInputs;
  static constexpr int kTo = Transform::kPoints;
  [[gnu::always_inline]] static void apply(const Floats (&from)[kFrom], Floats (&to)[kTo]) {
    Transform::input(from, to);
  }
};

template <class Transform>
struct WeightsStep {
  static constexpr int kFrom = 3;
  static constexpr int kTo = Transform::kKernelPoints;
  [[gnu::always_inline]] static void apply(const Floats (&from)[kFrom], Floats (&to)[kTo]) {
    Transform::kernel(from, to);
  }
};

template <class Transform>
struct OutputStep {
  static constexpr int kFrom = Transform::kPoints;
  static constexpr int kTo = Transform::kOutputs;
  [[gnu::always_inline]] static void apply(const Floats (&from)[kFrom], Floats (&to)[kTo]) {
    Transform::output(from, to);
  }
};

template <class Transform>
struct SignalStep {
  static constexpr int kFrom = Transform::kOutputs;
  static constexpr int kTo = Transform::kPoints;
  [[gnu::always_inline]] static void apply(const Floats (&from)[kFrom], Floats (&to)[kTo]) {
    Transform::signal(from, to);
  }
};

template <class Transform>
struct GradientStep {
  static constexpr int kFrom = Transform::kKernelPoints;
  static constexpr int kTo = 3;
  [[gnu::always_inline]] static void apply(const Floats (&from)[kFrom], Floats (&to)[kTo]) {
    Transform::gradient(from, to);
  }
};

// The step on the columns of (kFrom,kFrom) values, then on the rows of what that gives:
// put(y, x, value) gets (kTo,kTo) values, by rows.
template <class Step, class Get, class Put>
[[gnu::always_inline]] inline void apply_twice(const Get& get, const Put& put) {
  Floats rows[Step::kTo][Step::kFrom];
#pragma GCC unroll 9
  for (int x = 0; x < Step::kFrom; ++x) {
    Floats from[Step::kFrom];
    Floats to[Step::kTo];
#pragma GCC unroll 9
    for (int y = 0; y < Step::kFrom; ++y) from[y] = get(y, x);
    Step::apply(from, to);
#pragma GCC unroll 9
    for (int y = 0; y < Step::kTo; ++y) rows[y][x] = to[y];
  }
#pragma GCC unroll 9
  for (int y = 0; y < Step::kTo; ++y) {
    Floats to[Step::kTo];
    Step::apply(rows[y], to);
#pragma GCC unroll 9
    for (int x = 0; x < Step::kTo; ++x) put(y, x, to[x]);
  }
}

// Pixels of a map to points, for the input and the signal.
template <class Step>
void transform_pixels(const WinogradPixels& tile) {
  for_each_vector(tile.channels, [&](std::int64_t c, auto lanes) {
    float* dst = tile.dst + c;
    apply_twice<Step>(
        [&](int y, int x) { return load(tile.pixels[y * Step::kFrom + x] + c, lanes); },
        [&](int, int, Floats point) {
          store(dst, point, AllLanes{});
          dst += tile.point_stride;
        });
  });
}

template <class Transform>
void transform_weights(const WinogradWeights& weights) {
  for (int k = 0; k < weights.width; k += kWidth) {
    const float* src = weights.src + k;
    float* dst = weights.dst + k;
    apply_twice<WeightsStep<Transform>>(
        [&](int y, int x) { return load(src + (y * 3 + x) * weights.tap_stride, AllLanes{}); },
        [&](int, int, Floats point) {
          store(dst, point, AllLanes{});
          dst += weights.point_stride;
        });
  }
}

// Which of an epilogue's two factors may differ from 1.
template <bool kBySignal, bool kByOutput>
struct Factors {
  template <class Lanes>
  [[gnu::always_inline]] static void finish(const WinogradOutput& tile, Floats value,
                                            std::int64_t at, Lanes lanes) {
    Floats result = value;
    if constexpr (kBySignal) result = scaled(value, value, broadcast(tile.signal_slope));
    if constexpr (kByOutput) {
      const Floats output = load(tile.relu_output + at, lanes);
      result = scaled(result, output, broadcast(tile.output_slope));
    }
    store(tile.dst + at, result, lanes);
  }
};

template <class Transform, class Epilogue>
void transform_output_with(const WinogradOutput& tile) {
  using Step = OutputStep<Transform>;
  for_each_vector(tile.channels, [&](std::int64_t k, auto lanes) {
    const Floats bias = tile.bias == nullptr ? broadcast(0) : load(tile.bias + k, lanes);
    const float* src = tile.src + k;
    apply_twice<Step>(
        [&](int y, int x) {
          return load(src + (y * Step::kFrom + x) * tile.point_stride, AllLanes{});
        },
        [&](int y, int x, Floats value) {
          const std::int64_t pixel = tile.pixels[y * Step::kTo + x];
          if (pixel >= 0) Epilogue::finish(tile, value + bias, pixel + k, lanes);
        });
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
void transform_gradient(const WinogradGradient& gradient) {
  using Step = GradientStep<Transform>;
  for (int k = 0; k < gradient.width; k += kWidth) {
    const float* src = gradient.src + k;
    float* dst = gradient.dst + k;
    apply_twice<Step>(
        [&](int y, int x) {
          return load(src + (y * Step::kFrom + x) * gradient.point_stride, AllLanes{});
        },
        [&](int, int, Floats tap) {
          const Floats before = gradient.accumulate ? load(dst, AllLanes{}) : broadcast(0);
          store(dst, before + tap, AllLanes{});
          dst += gradient.tap_stride;
        });
  }
}

// The data gradient of stride 2 is a kind of its own, whose weights have no gradient.
template <class Transform>
constexpr WinogradLeaves leaves() {
  WinogradLeaves leaves{.input = transform_pixels<InputStep<Transform>>,
                        .weights = transform_weights<Transform>,
                        .output = transform_output<Transform>};
  if constexpr (!std::is_same_v<Transform, Winograd4Stride2Gradient>) {
    leaves.signal = transform_pixels<SignalStep<Transform>>;
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
