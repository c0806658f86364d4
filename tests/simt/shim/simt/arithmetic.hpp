// The arithmetic and memory functions of device code that host compilers lack.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

// The names are CUDA's.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)

template <class T>
constexpr T min(T one, T other) {
  return other < one ? other : one;
}

template <class T>
constexpr T max(T one, T other) {
  return one < other ? other : one;
}

inline float __fdividef(float dividend, float divisor) { return dividend / divisor; }
inline float __expf(float value) { return std::exp(value); }
inline float __logf(float value) { return std::log(value); }
inline float rsqrtf(float value) { return 1.0F / std::sqrt(value); }
inline float __frcp_rn(float value) { return 1.0F / value; }
inline float __fmaf_rn(float one, float other, float sum) { return std::fma(one, other, sum); }
inline float __fadd_rn(float one, float other) { return one + other; }
inline float __fsub_rn(float one, float other) { return one - other; }
inline float __fmul_rn(float one, float other) { return one * other; }
inline float __fdiv_rn(float dividend, float divisor) { return dividend / divisor; }
inline float __fsqrt_rn(float value) { return std::sqrt(value); }
inline float __saturatef(float value) { return value > 1 ? 1 : value > 0 ? value : 0; }

inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline float __int_as_float(int bits) { return std::bit_cast<float>(bits); }

inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __clz(int bits) { return std::countl_zero(static_cast<unsigned>(bits)); }
inline int __ffs(int bits) { return __builtin_ffs(bits); }
inline unsigned __umulhi(unsigned one, unsigned other) {
  return static_cast<unsigned>((std::uint64_t{one} * other) >> 32);
}

// Loads and stores with a hint for caches.
template <class T>
T __ldg(const T* address) {
  return *address;
}

template <class T>
T __ldcg(const T* address) {
  return *address;
}

template <class T>
T __ldcs(const T* address) {
  return *address;
}

template <class T>
void __stcs(T* address, T value) {
  *address = value;
}

template <class T>
void __stcg(T* address, T value) {
  *address = value;
}

// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
