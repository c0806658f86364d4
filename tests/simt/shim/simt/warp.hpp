// Barriers, votes and shuffles, of which barriers alone order memory. Each takes its caller's place
// in the source, by which calls from different places are told apart.
#pragma once

#include <cstdint>
#include <cstring>

#include "tests/simt/device.hpp"

namespace allconv::simt {

template <class T>
T shuffle(const Collective& collective, T value, int source) {
  static_assert(sizeof(T) <= sizeof(Word));
  Word word;
  std::memcpy(word.bytes, &value, sizeof(T));
  word = shuffle(collective, word, source);
  std::memcpy(&value, word.bytes, sizeof(T));
  return value;
}

// The lane that a shuffle of segments of `width` lanes reads; its own where that is outside.
inline int within(int source, int width) {
  const int own = lane();
  return source / width == own / width && source >= 0 ? source : own;
}

}  // namespace allconv::simt

// The names are CUDA's.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)

inline void __syncthreads(const allconv::simt::Site& site = allconv::simt::Site::current()) {
  allconv::simt::block_barrier("__syncthreads", site);
}

inline void __syncwarp(unsigned mask = allconv::simt::kFullMask,
                       const allconv::simt::Site& site = allconv::simt::Site::current()) {
  allconv::simt::meet({.name = "__syncwarp", .site = site, .mask = mask, .orders_memory = true},
                      nullptr, [](void* const*) {});
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              const allconv::simt::Site& site = allconv::simt::Site::current()) {
  const int segment = allconv::simt::lane() / width * width;
  return allconv::simt::shuffle({.name = "__shfl_sync", .site = site, .mask = mask}, value,
                                segment + source % width);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  const allconv::simt::Site& site = allconv::simt::Site::current()) {
  const int source = allconv::simt::lane() ^ lanes;
  return allconv::simt::shuffle({.name = "__shfl_xor_sync", .site = site, .mask = mask}, value,
                                allconv::simt::within(source, width));
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32,
                   const allconv::simt::Site& site = allconv::simt::Site::current()) {
  const int source = allconv::simt::lane() + static_cast<int>(lanes);
  return allconv::simt::shuffle({.name = "__shfl_down_sync", .site = site, .mask = mask}, value,
                                allconv::simt::within(source, width));
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32,
                 const allconv::simt::Site& site = allconv::simt::Site::current()) {
  const int source = allconv::simt::lane() - static_cast<int>(lanes);
  return allconv::simt::shuffle({.name = "__shfl_up_sync", .site = site, .mask = mask}, value,
                                allconv::simt::within(source, width));
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              const allconv::simt::Site& site = allconv::simt::Site::current()) {
  return allconv::simt::ballot({.name = "__ballot_sync", .site = site, .mask = mask},
                               predicate != 0);
}

inline int __any_sync(unsigned mask, int predicate,
                      const allconv::simt::Site& site = allconv::simt::Site::current()) {
  return allconv::simt::ballot({.name = "__any_sync", .site = site, .mask = mask},
                               predicate != 0) != 0;
}

inline int __all_sync(unsigned mask, int predicate,
                      const allconv::simt::Site& site = allconv::simt::Site::current()) {
  return allconv::simt::ballot({.name = "__all_sync", .site = site, .mask = mask},
                               predicate == 0) == 0;
}

// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
