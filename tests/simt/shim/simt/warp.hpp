// Barriers, votes and shuffles, of which barriers alone order memory. Each takes its caller's place
// in the source, by which calls from different places are told apart.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "tests/simt/device.hpp"

namespace allconv::simt {

// What one lane brings to a shuffle or a vote, and takes away.
template <class T>
struct Exchange {
  T value;
  int source = 0;  // the lane to read
  T result{};
};

// The lanes of a shuffle read each other's values; a lane that does not take part has none to read.
template <class T>
T shuffle(const Collective& collective, T value, int source) {
  Exchange<T> exchange{.value = value, .source = source};
  meet(collective, &exchange, [](void* const* operands) {
    for (int at = 0; at < kWarpLanes; ++at) {
      auto* own = static_cast<Exchange<T>*>(operands[at]);
      if (own == nullptr) continue;
      auto* other = static_cast<Exchange<T>*>(operands[own->source]);
      if (other == nullptr) {
        std::memset(static_cast<void*>(&own->result), 0xFF, sizeof(T));
      } else {
        own->result = other->value;
      }
    }
  });
  return exchange.result;
}

inline std::uint32_t ballot(const Collective& collective, bool predicate) {
  Exchange<std::uint32_t> exchange{.value = predicate};
  meet(collective, &exchange, [](void* const* operands) {
    std::uint32_t votes = 0;
    for (int at = 0; at < kWarpLanes; ++at) {
      auto* own = static_cast<Exchange<std::uint32_t>*>(operands[at]);
      if (own != nullptr) votes |= own->value << at;
    }
    for (int at = 0; at < kWarpLanes; ++at) {
      auto* own = static_cast<Exchange<std::uint32_t>*>(operands[at]);
      if (own != nullptr) own->result = votes;
    }
  });
  return exchange.result;
}

// The lane that a shuffle of segments of `width` lanes reads; its own where that is outside.
inline int within(int source, int width) {
  const int own = lane();
  return source / width == own / width && source >= 0 ? source : own;
}

}  // namespace allconv::simt

inline void __syncthreads(const std::source_location& site = std::source_location::current()) {
  allconv::simt::block_barrier("__syncthreads", site);
}

inline void __syncwarp(unsigned mask = allconv::simt::kFullMask,
                       const std::source_location& site = std::source_location::current()) {
  allconv::simt::meet({.name = "__syncwarp", .site = site, .mask = mask, .orders_memory = true},
                      nullptr, [](void* const*) {});
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              const std::source_location& site = std::source_location::current()) {
  const int segment = allconv::simt::lane() / width * width;
  return allconv::simt::shuffle({.name = "__shfl_sync", .site = site, .mask = mask}, value,
                                segment + source % width);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32,
                  const std::source_location& site = std::source_location::current()) {
  const int source = allconv::simt::lane() ^ lanes;
  return allconv::simt::shuffle({.name = "__shfl_xor_sync", .site = site, .mask = mask}, value,
                                allconv::simt::within(source, width));
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32,
                   const std::source_location& site = std::source_location::current()) {
  const int source = allconv::simt::lane() + static_cast<int>(lanes);
  return allconv::simt::shuffle({.name = "__shfl_down_sync", .site = site, .mask = mask}, value,
                                allconv::simt::within(source, width));
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32,
                 const std::source_location& site = std::source_location::current()) {
  const int source = allconv::simt::lane() - static_cast<int>(lanes);
  return allconv::simt::shuffle({.name = "__shfl_up_sync", .site = site, .mask = mask}, value,
                                allconv::simt::within(source, width));
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              const std::source_location& site = std::source_location::current()) {
  return allconv::simt::ballot({.name = "__ballot_sync", .site = site, .mask = mask},
                               predicate != 0);
}

inline int __any_sync(unsigned mask, int predicate,
                      const std::source_location& site = std::source_location::current()) {
  return allconv::simt::ballot({.name = "__any_sync", .site = site, .mask = mask},
                               predicate != 0) != 0;
}

inline int __all_sync(unsigned mask, int predicate,
                      const std::source_location& site = std::source_location::current()) {
  return allconv::simt::ballot({.name = "__all_sync", .site = site, .mask = mask},
                               predicate == 0) == 0;
}
