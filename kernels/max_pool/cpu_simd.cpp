// max_pool_forward_cpu_{avx512,avx2,portable}, max_pool_backward_cpu_{avx512,avx2,portable}
//
// Computes  the largest element of each window with its place, and the gradient's way back to it
// Layout    NHWC; switches (n,p,q,c) hold row * s + column inside the window
// Vectors   8 (AVX2) or 16 (AVX-512) channels of one window at a time, the tail masked
// Requires  every window meets the map
// Bound by  forward: loads, r * s of them a result; backward: loads and stores, r * s of each, most
//           of them of the first-level cache, because neighbouring windows share rows
// Exact: windows and their elements are visited in the reference's order.
#include <cstring>

#include "kernels/max_pool/cpu_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

namespace {

// A window's rows or columns that lie inside the map.
struct Span {
  int begin = 0;
  int end = 0;
};

Span inside_map(int corner, int window, int size) {
  return {.begin = corner < 0 ? -corner : 0,
          .end = corner + window > size ? size - corner : window};
}

// The window of one output position.
struct Window {
  std::int64_t output = 0;  // index of its position in (n,p,q)
  std::int64_t corner = 0;  // index of its first element in (n,h,w), wherever that lies
  Span rows;
  Span columns;
};

// Calls body(window) for every output position in order.
template <class Body>
void for_each_window(const MaxPoolProblem& problem, const Body& body) {
  const int p_end = problem.p();
  const int q_end = problem.q();
  Window window;
  for (int n = 0; n < problem.n; ++n) {
    for (int p = 0; p < p_end; ++p) {
      const int top = p * problem.stride_h - problem.pad.top;
      window.rows = inside_map(top, problem.r, problem.h);
      for (int q = 0; q < q_end; ++q, ++window.output) {
        const int left = q * problem.stride_w - problem.pad.left;
        window.columns = inside_map(left, problem.s, problem.w);
        window.corner = (std::int64_t{n} * problem.h + top) * problem.w + left;
        body(window);
      }
    }
  }
}

// Calls body(tap, offset) for each element of the window inside the map, row by row: its switch,
// and the index of its first channel in (n,h,w,c).
template <class Body>
inline void for_each_tap(const MaxPoolProblem& problem, const Window& window, const Body& body) {
  for (int r = window.rows.begin; r < window.rows.end; ++r) {
    for (int s = window.columns.begin; s < window.columns.end; ++s) {
      const std::int64_t position = window.corner + std::int64_t{r} * problem.w + s;
      body(static_cast<std::uint32_t>(r * problem.s + s), position * problem.c);
    }
  }
}

}  // namespace

void max_pool_forward(const MaxPoolProblem& problem, const MaxPoolForward::Arguments& arguments,
                      int /*part*/) {
  for_each_window(problem, [&](const Window& window) {
    const std::int64_t result = window.output * problem.c;
    const int first_tap = window.rows.begin * problem.s + window.columns.begin;
    const std::int64_t first_element =
        window.corner + std::int64_t{window.rows.begin} * problem.w + window.columns.begin;
    for_each_vector(problem.c, [&](std::int64_t c, auto lanes) {
      Floats largest = load(arguments.src + first_element * problem.c + c, lanes);
      Words winner = broadcast_word(static_cast<std::uint32_t>(first_tap));
      for_each_tap(problem, window, [&](std::uint32_t tap, std::int64_t offset) {
        const Floats value = load(arguments.src + offset + c, lanes);
        const Mask wins = greater(value, largest);
        largest = select(wins, value, largest);
        winner = select(wins, broadcast_word(tap), winner);
      });
      store(arguments.dst + result + c, largest, lanes);
      if (arguments.switches != nullptr)
        store_bytes(arguments.switches + result + c, winner, lanes);
    });
  });
}

void max_pool_backward(const MaxPoolProblem& problem, const MaxPoolBackward::Arguments& arguments,
                       int /*part*/) {
  std::memset(arguments.d_src, 0, sizeof(float) * static_cast<std::size_t>(problem.src_size()));
  for_each_window(problem, [&](const Window& window) {
    const std::int64_t result = window.output * problem.c;
    for_each_vector(problem.c, [&](std::int64_t c, auto lanes) {
      const Words winner = load_bytes(arguments.switches + result + c, lanes);
      const Floats signal = load(arguments.d_dst + result + c, lanes);
      for_each_tap(problem, window, [&](std::uint32_t tap, std::int64_t offset) {
        float* d_src = arguments.d_src + offset + c;
        const Floats before = load(d_src, lanes);
        const Mask won = equal(winner, broadcast_word(tap));
        store(d_src, select(won, before + signal, before), lanes);
      });
    });
  });
}

}  // namespace allconv::kernels::ALLCONV_ISA
