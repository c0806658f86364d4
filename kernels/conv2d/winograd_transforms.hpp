// One-dimensional transforms of Winograd's minimal filtering, on vectors of channels. In two
// dimensions each is applied to columns, then to rows. Included by *_simd.cpp only.
//
//     dst = output(sum over input channels of input(src) * kernel(weights))
//
// S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin, S. Gray, Fast Algorithms for
// Convolutional Neural Networks, 2015 (arXiv 1509.09308), gives the construction by
// Toom and Cook: for points p the rows of `input` are the coefficients of the products of (x - q)
// over all other points q, those of `kernel` the powers of p over that product's value at p, and
// the columns of `output` the powers of p. The last point is infinity.
#pragma once

#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

[[gnu::always_inline]] inline Floats times(float factor, Floats value) {
  return broadcast(factor) * value;
}
// factor * value + addend
[[gnu::always_inline]] inline Floats times_plus(float factor, Floats value, Floats addend) {
  return multiply_add(broadcast(factor), value, addend);
}

// F(4,3): four outputs of a window of three from six inputs. Points 0, +-a, +-b, infinity with
// a = 1/sqrt(2), b = sqrt(2) = 1/a: half the rounding error of the usual 0, +-1, +-2.
struct Winograd4 {
  static constexpr int kInputs = 6;        // of src, for one tile
  static constexpr int kPoints = 6;        // products
  static constexpr int kKernelPoints = 6;  // different weights among them
  static constexpr int kOutputs = 4;

  static constexpr float kA = 0.70710678118654752F;  // a
  static constexpr float kB = 1.4142135623730951F;   // b

  [[gnu::always_inline]] static void input(const Floats (&d)[kInputs], Floats (&v)[kPoints]) {
    const Floats even_a = times_plus(-2, d[2], d[4]);
    const Floats odd_a = times(kA, times_plus(-2, d[1], d[3]));
    const Floats even_b = times_plus(-0.5F, d[2], d[4]);
    const Floats odd_b = times(kB, times_plus(-0.5F, d[1], d[3]));
    v[0] = times_plus(-2.5F, d[2], d[0] + d[4]);
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = times_plus(-2.5F, d[3], d[1] + d[5]);
  }

  [[gnu::always_inline]] static void kernel(const Floats (&g)[3], Floats (&u)[kKernelPoints]) {
    // Over the products' values at the points: 1, -3/2 (twice), 6 (twice).
    const Floats even_a = times(-1 / 1.5F, times_plus(0.5F, g[2], g[0]));
    const Floats odd_a = times(-kA / 1.5F, g[1]);
    const Floats even_b = times(1 / 6.0F, times_plus(2, g[2], g[0]));
    const Floats odd_b = times(kB / 6, g[1]);
    u[0] = g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
  }

  [[gnu::always_inline]] static void output(const Floats (&m)[kPoints], Floats (&y)[kOutputs]) {
    const Floats even_a = m[1] + m[2];
    const Floats odd_a = m[1] - m[2];
    const Floats even_b = m[3] + m[4];
    const Floats odd_b = m[3] - m[4];
    y[0] = m[0] + even_a + even_b;
    y[1] = times_plus(kA, odd_a, times(kB, odd_b));
    y[2] = times_plus(0.5F, even_a, times(2, even_b));
    y[3] = times_plus(kA / 2, odd_a, times_plus(2 * kB, odd_b, m[5]));
  }

  // The transposes of output and kernel.
  [[gnu::always_inline]] static void signal(const Floats (&y)[kOutputs], Floats (&m)[kPoints]) {
    const Floats even_a = times_plus(0.5F, y[2], y[0]);
    const Floats odd_a = times(kA, times_plus(0.5F, y[3], y[1]));
    const Floats even_b = times_plus(2, y[2], y[0]);
    const Floats odd_b = times(kB, times_plus(2, y[3], y[1]));
    m[0] = y[0];
    m[1] = even_a + odd_a;
    m[2] = even_a - odd_a;
    m[3] = even_b + odd_b;
    m[4] = even_b - odd_b;
    m[5] = y[3];
  }

  [[gnu::always_inline]] static void gradient(const Floats (&u)[kKernelPoints], Floats (&g)[3]) {
    const Floats even_a = times(-1 / 1.5F, u[1] + u[2]);
    const Floats odd_a = times(-kA / 1.5F, u[1] - u[2]);
    const Floats even_b = times(1 / 6.0F, u[3] + u[4]);
    const Floats odd_b = times(kB / 6, u[3] - u[4]);
    g[0] = u[0] + even_a + even_b;
    g[1] = odd_a + odd_b;
    g[2] = times_plus(0.5F, even_a, times_plus(2, even_b, u[5]));
  }
};

// F(2,3), points 0, 1, -1, infinity: for maps too small for F(4,3).
struct Winograd2 {
  static constexpr int kInputs = 4;
  static constexpr int kPoints = 4;
  static constexpr int kKernelPoints = 4;
  static constexpr int kOutputs = 2;

  [[gnu::always_inline]] static void input(const Floats (&d)[kInputs], Floats (&v)[kPoints]) {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
  }

  [[gnu::always_inline]] static void kernel(const Floats (&g)[3], Floats (&u)[kKernelPoints]) {
    const Floats even = times(0.5F, g[0] + g[2]);
    const Floats odd = times(0.5F, g[1]);
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }

  [[gnu::always_inline]] static void output(const Floats (&m)[kPoints], Floats (&y)[kOutputs]) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
  }

  [[gnu::always_inline]] static void signal(const Floats (&y)[kOutputs], Floats (&m)[kPoints]) {
    m[0] = y[0];
    m[1] = y[0] + y[1];
    m[2] = y[0] - y[1];
    m[3] = y[1];
  }

  [[gnu::always_inline]] static void gradient(const Floats (&u)[kKernelPoints], Floats (&g)[3]) {
    const Floats even = times(0.5F, u[1] + u[2]);
    g[0] = u[0] + even;
    g[1] = times(0.5F, u[1] - u[2]);
    g[2] = u[3] + even;
  }
};

// F(4,2): four outputs of a window of two from five inputs. Points +-a, +-b, infinity with a = 1/2,
// b = 5/4: half the rounding error of 0, +-1, 2. What the two transforms of stride 2 are made of.
struct Winograd4Of2 {
  static constexpr int kInputs = 5;
  static constexpr int kPoints = 5;

  static constexpr float kA = 0.5F;
  static constexpr float kB = 1.25F;
  static constexpr float kA2 = kA * kA;
  static constexpr float kB2 = kB * kB;
  // The products' values at a and b; at -a and -b they are the negatives.
  static constexpr float kAtA = 2 * kA * (kA2 - kB2);
  static constexpr float kAtB = 2 * kB * (kB2 - kA2);

  [[gnu::always_inline]] static void input(const Floats (&d)[kInputs], Floats (&v)[kPoints]) {
    const Floats odd_a = times_plus(-kB2, d[1], d[3]);
    const Floats even_a = times(kA, times_plus(-kB2, d[0], d[2]));
    const Floats odd_b = times_plus(-kA2, d[1], d[3]);
    const Floats even_b = times(kB, times_plus(-kA2, d[0], d[2]));
    v[0] = odd_a + even_a;
    v[1] = odd_a - even_a;
    v[2] = odd_b + even_b;
    v[3] = odd_b - even_b;
    v[4] = times_plus(kA2 * kB2, d[0], times_plus(-(kA2 + kB2), d[2], d[4]));
  }

  [[gnu::always_inline]] static void kernel(Floats first, Floats second, Floats (&u)[kPoints]) {
    const Floats second_a = times(kA / kAtA, second);
    const Floats second_b = times(kB / kAtB, second);
    u[0] = times_plus(1 / kAtA, first, second_a);
    u[1] = times_plus(-1 / kAtA, first, second_a);
    u[2] = times_plus(1 / kAtB, first, second_b);
    u[3] = times_plus(-1 / kAtB, first, second_b);
    u[4] = second;
  }

  [[gnu::always_inline]] static void output(const Floats (&m)[kPoints], Floats (&y)[4]) {
    const Floats even_a = m[0] + m[1];
    const Floats odd_a = times(kA, m[0] - m[1]);
    const Floats even_b = m[2] + m[3];
    const Floats odd_b = times(kB, m[2] - m[3]);
    y[0] = even_a + even_b;
    y[1] = odd_a + odd_b;
    y[2] = times_plus(kA2, even_a, times(kB2, even_b));
    y[3] = times_plus(kA2, odd_a, times_plus(kB2, odd_b, m[4]));
  }

  [[gnu::always_inline]] static void signal(const Floats (&y)[4], Floats (&m)[kPoints]) {
    const Floats even_a = times_plus(kA2, y[2], y[0]);
    const Floats odd_a = times(kA, times_plus(kA2, y[3], y[1]));
    const Floats even_b = times_plus(kB2, y[2], y[0]);
    const Floats odd_b = times(kB, times_plus(kB2, y[3], y[1]));
    m[0] = even_a + odd_a;
    m[1] = even_a - odd_a;
    m[2] = even_b + odd_b;
    m[3] = even_b - odd_b;
    m[4] = y[3];
  }

  [[gnu::always_inline]] static void gradient(const Floats (&u)[kPoints], Floats& first,
                                              Floats& second) {
    first = times_plus(1 / kAtA, u[0] - u[1], times(1 / kAtB, u[2] - u[3]));
    second = times_plus(kA / kAtA, u[0] + u[1], times_plus(kB / kAtB, u[2] + u[3], u[4]));
  }
};

// A window of three moved by two, four outputs from nine inputs: taps 0 and 2 see the even inputs
// as a window of two moved by one, tap 1 sees the odd inputs alone.
struct Winograd4Stride2 {
  static constexpr int kInputs = 9;
  static constexpr int kPoints = 9;        // five of F(4,2), then four products with tap 1
  static constexpr int kKernelPoints = 6;  // the last four share their weights
  static constexpr int kOutputs = 4;

  [[gnu::always_inline]] static void input(const Floats (&d)[kInputs], Floats (&v)[kPoints]) {
    Floats even[5];
    Winograd4Of2::input({d[0], d[2], d[4], d[6], d[8]}, even);
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) v[i] = even[i];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) v[5 + i] = d[2 * i + 1];
  }

  [[gnu::always_inline]] static void kernel(const Floats (&g)[3], Floats (&u)[kKernelPoints]) {
    Floats even[5];
    Winograd4Of2::kernel(g[0], g[2], even);
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) u[i] = even[i];
    u[5] = g[1];
  }

  [[gnu::always_inline]] static void output(const Floats (&m)[kPoints], Floats (&y)[kOutputs]) {
    Winograd4Of2::output({m[0], m[1], m[2], m[3], m[4]}, y);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) y[i] = y[i] + m[5 + i];
  }

  [[gnu::always_inline]] static void signal(const Floats (&y)[kOutputs], Floats (&m)[kPoints]) {
    Floats even[5];
    Winograd4Of2::signal(y, even);
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) m[i] = even[i];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) m[5 + i] = y[i];
  }

  [[gnu::always_inline]] static void gradient(const Floats (&u)[kKernelPoints], Floats (&g)[3]) {
    Winograd4Of2::gradient({u[0], u[1], u[2], u[3], u[4]}, g[0], g[2]);
    g[1] = u[5];
  }
};

// The data gradient of a window of three moved by two: eight gradients of src from five of dst. The
// first, third, ... lie under tap 1 alone; the others under taps 2 and 0 of neighbouring windows.
// Weights come as for a convolution: turned around, so that g[0] is tap 2.
struct Winograd4Stride2Gradient {
  static constexpr int kInputs = 5;
  static constexpr int kPoints = 9;
  static constexpr int kKernelPoints = 6;
  static constexpr int kOutputs = 8;

  [[gnu::always_inline]] static void input(const Floats (&d)[kInputs], Floats (&v)[kPoints]) {
    Floats pair[5];
    Winograd4Of2::input(d, pair);
#pragma GCC unroll 5
    for (int i = 0; i < 5; ++i) v[i] = pair[i];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) v[5 + i] = d[i];
  }

  [[gnu::always_inline]] static void kernel(const Floats (&g)[3], Floats (&u)[kKernelPoints]) {
    Winograd4Stride2::kernel(g, u);
  }

  [[gnu::always_inline]] static void output(const Floats (&m)[kPoints], Floats (&y)[kOutputs]) {
    Floats pair[4];
    Winograd4Of2::output({m[0], m[1], m[2], m[3], m[4]}, pair);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      y[2 * i] = m[5 + i];
      y[2 * i + 1] = pair[i];
    }
  }
};

}  // namespace allconv::kernels::ALLCONV_ISA
