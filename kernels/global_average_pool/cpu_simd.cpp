// global_average_pool_{forward,backward}_cpu_{avx512,avx2,portable}
//
// Computes  the mean over all positions of each channel, and its gradient spread over them
// Layout    (n,h,w,c) above, (n,c) below
// Vectors   8 (AVX2) or 16 (AVX-512) channels of all positions at a time, the tail masked
// Requires  nothing
// Bound by  memory: each element of the map is read (forward) or written (backward) once
// Forward: sums in fp32, position by position, then one division, so that integers stay exact.
// Backward is exact: one division a channel.
#include "kernels/global_average_pool/cpu_simd.hpp"
#include "kernels/simd/vector.hpp"

namespace allconv::kernels::ALLCONV_ISA {

void global_average_pool_forward(const GlobalAveragePoolProblem& problem,
                                 const GlobalAveragePoolForward::Arguments& arguments,
                                 int /*part*/) {
  const std::int64_t map_size = std::int64_t{problem.h} * problem.w * problem.c;
  const Floats positions = broadcast(static_cast<float>(std::int64_t{problem.h} * problem.w));
  for (int n = 0; n < problem.n; ++n) {
    const float* src = arguments.src + n * map_size;           // (h,w,c)
    float* dst = arguments.dst + std::int64_t{n} * problem.c;  // (c)
    for_each_vector(problem.c, [&](std::int64_t c, auto lanes) {
      Floats sum = broadcast(0);
      for (std::int64_t at = c; at < map_size; at += problem.c) sum = sum + load(src + at, lanes);
      store(dst + c, sum / positions, lanes);
    });
  }
}

void global_average_pool_backward(const GlobalAveragePoolProblem& problem,
                                  const GlobalAveragePoolBackward::Arguments& arguments,
                                  int /*part*/) {
  const std::int64_t map_size = std::int64_t{problem.h} * problem.w * problem.c;
  const Floats positions = broadcast(static_cast<float>(std::int64_t{problem.h} * problem.w));
  for (int n = 0; n < problem.n; ++n) {
    const float* d_dst = arguments.d_dst + std::int64_t{n} * problem.c;  // (c)
    float* d_src = arguments.d_src + n * map_size;                       // (h,w,c)
    for_each_vector(problem.c, [&](std::int64_t c, auto lanes) {
      const Floats share = load(d_dst + c, lanes) / positions;
      for (std::int64_t at = c; at < map_size; at += problem.c) store(d_src + at, share, lanes);
    });
  }
}

}  // namespace allconv::kernels::ALLCONV_ISA
