// Atomic operations and fences. Several workers may run blocks side by side.
#pragma once

#include <atomic>

#include "tests/simt/device.hpp"

// The names are CUDA's.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)

template <class T>
T atomicAdd(T* address, T value) {
  return std::atomic_ref<T>(*address).fetch_add(value, std::memory_order_relaxed);
}

template <class T>
T atomicMax(T* address, T value) {
  std::atomic_ref<T> target(*address);
  T seen = target.load(std::memory_order_relaxed);
  while (seen < value && !target.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
  return seen;
}

template <class T>
T atomicOr(T* address, T value) {
  return std::atomic_ref<T>(*address).fetch_or(value, std::memory_order_relaxed);
}

template <class T>
T atomicExch(T* address, T value) {
  return std::atomic_ref<T>(*address).exchange(value, std::memory_order_relaxed);
}

template <class T>
T atomicCAS(T* address, T expected, T value) {
  std::atomic_ref<T>(*address).compare_exchange_strong(expected, value, std::memory_order_relaxed);
  return expected;
}

// Counts up to `last` and starts again at 0.
inline unsigned atomicInc(unsigned* address, unsigned last) {
  std::atomic_ref<unsigned> target(*address);
  unsigned seen = target.load(std::memory_order_relaxed);
  while (
      !target.compare_exchange_weak(seen, seen >= last ? 0 : seen + 1, std::memory_order_relaxed)) {
  }
  return seen;
}

inline void __threadfence() { allconv::simt::fence(); }
inline void __threadfence_block() { allconv::simt::fence(); }

// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
