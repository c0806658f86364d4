// Compiled with contraction: a * b + c below is one instruction where the target has it.
#include "bench/device_limits.hpp"

#include <cstdint>
#include <numeric>
#include <vector>

#include "bench/timing.hpp"

namespace allconv {

namespace {

// Enough independent sums to hide the latency of two units of four or five cycles.
constexpr int kSums = 10;
constexpr int kRounds = 200000;

// Vectors of any width are the compiler's own types: no intrinsics are needed.
template <int kWidth>
struct Wide {
  using Type __attribute__((vector_size(kWidth * sizeof(float)))) = float;
};

template <int kWidth>
[[gnu::always_inline]] inline float multiply_add_chains(float factor) {
  using Vector = typename Wide<kWidth>::Type;
  Vector sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = Vector{} + static_cast<float>(i);
  const Vector factors = Vector{} + factor;
  for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 10
    for (int i = 0; i < kSums; ++i) sums[i] = sums[i] * factors + factors;
  }
  float total = 0;
  for (const Vector& sum : sums) total += sum[0];
  return total;
}

#if defined(__x86_64__)
[[gnu::target("avx512f")]] float chains_avx512(float factor) {
  return multiply_add_chains<16>(factor);
}
[[gnu::target("avx2,fma")]] float chains_avx2(float factor) {
  return multiply_add_chains<8>(factor);
}
#endif
float chains_portable(float factor) { return multiply_add_chains<4>(factor); }

struct Chains {
  float (*run)(float factor);
  int width;  // floats of a vector
};

Chains chains_for(kernels::Isa isa) {
#if defined(__x86_64__)
  if (isa == kernels::Isa::avx512) return {chains_avx512, 16};
  if (isa == kernels::Isa::avx2) return {chains_avx2, 8};
#endif
  static_cast<void>(isa);
  return {chains_portable, 4};
}

// Keeps a result whose value nobody wants from being left out.
template <class Value>
void use(const Value& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

double measure_gflops(kernels::Isa isa) {
  const Chains chains = chains_for(isa);
  volatile float factor = 0.5F;  // not known to the compiler, and the sums stay finite
  const Timing timing = measure({.warmup = 2, .iterations = 30}, [&] {
    const float total = chains.run(factor);
    use(total);
  });
  return 2.0 * kSums * kRounds * chains.width / timing.min() * 1e-9;
}

double measure_read_gigabytes() {
  constexpr std::size_t kBytes = 256 << 20;  // beyond every last-level cache worth speaking of
  const std::vector<std::uint64_t> memory(kBytes / sizeof(std::uint64_t), 1);
  const Timing timing = measure({.warmup = 1, .iterations = 4}, [&] {
    const std::uint64_t sum = std::accumulate(memory.begin(), memory.end(), std::uint64_t{0});
    use(sum);
  });
  return static_cast<double>(kBytes) / timing.min() * 1e-9;
}

}  // namespace

DeviceLimits measure_device_limits(kernels::Isa isa) {
  return {.gflops = measure_gflops(isa), .read_gigabytes = measure_read_gigabytes()};
}

}  // namespace allconv
