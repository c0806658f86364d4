#include "engine/plan/memory_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace allconv {

namespace {

bool share_a_stage(const Lifetime& one, const Lifetime& other) {
  return one.first <= other.last && other.first <= one.last;
}

// Places lifetimes in the given order, each into the tightest gap left by those already placed
// whose lifetimes it meets (best fit), or behind them.
MemoryPlan place_in_order(const std::vector<Lifetime>& lifetimes,
                          const std::vector<std::size_t>& order) {
  MemoryPlan plan{.offsets = std::vector<std::size_t>(lifetimes.size(), 0)};
  std::vector<std::size_t> placed;  // by rising offset
  for (const std::size_t index : order) {
    const Lifetime& lifetime = lifetimes[index];
    std::size_t end = 0;  // of the memory seen so far
    std::size_t best_offset = SIZE_MAX;
    std::size_t best_gap = SIZE_MAX;
    for (const std::size_t other : placed) {
      if (!share_a_stage(lifetime, lifetimes[other])) continue;
      const std::size_t offset = plan.offsets[other];
      if (offset > end && offset - end >= lifetime.bytes && offset - end < best_gap) {
        best_gap = offset - end;
        best_offset = end;
      }
      end = std::max(end, offset + lifetimes[other].bytes);
    }
    plan.offsets[index] = best_offset == SIZE_MAX ? end : best_offset;
    plan.arena_bytes = std::max(plan.arena_bytes, plan.offsets[index] + lifetime.bytes);
    const auto behind = [&](std::size_t offset, std::size_t other) {
      return offset < plan.offsets[other];
    };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), plan.offsets[index], behind),
                  index);
  }
  return plan;
}

// The value that ends highest in the arena: what a better order would place earlier.
std::size_t highest(const std::vector<Lifetime>& lifetimes, const MemoryPlan& plan) {
  std::size_t index = 0;
  while (plan.offsets[index] + lifetimes[index].bytes != plan.arena_bytes) ++index;
  return index;
}

// Repeatedly moves the value that ends highest to the front of the order, as long as the arena is
// above its bound; keeps the best arena seen.
MemoryPlan place_and_improve(const std::vector<Lifetime>& lifetimes, std::vector<std::size_t> order,
                             std::size_t bound) {
  constexpr int kRounds = 60;
  MemoryPlan best = place_in_order(lifetimes, order);
  MemoryPlan plan = best;
  for (int round = 0; round < kRounds && best.arena_bytes > bound; ++round) {
    const auto moved = std::find(order.begin(), order.end(), highest(lifetimes, plan));
    std::rotate(order.begin(), moved, moved + 1);
    plan = place_in_order(lifetimes, order);
    if (plan.arena_bytes < best.arena_bytes) best = plan;
  }
  return best;
}

template <class Before>
std::vector<std::size_t> ordered(std::size_t count, const Before& before) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), before);
  return order;
}

}  // namespace

std::size_t lower_bound_bytes(const std::vector<Lifetime>& lifetimes) {
  int stages = 0;
  for (const Lifetime& lifetime : lifetimes) stages = std::max(stages, lifetime.last + 1);
  std::vector<std::size_t> alive(static_cast<std::size_t>(stages), 0);
  for (const Lifetime& lifetime : lifetimes) {
    for (int stage = lifetime.first; stage <= lifetime.last; ++stage) {
      alive[static_cast<std::size_t>(stage)] += lifetime.bytes;
    }
  }
  return alive.empty() ? 0 : *std::max_element(alive.begin(), alive.end());
}

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes) {
  const auto by = [&](auto key) {
    return ordered(lifetimes.size(), [&lifetimes, key](std::size_t one, std::size_t other) {
      return key(lifetimes[one]) < key(lifetimes[other]);
    });
  };
  const std::vector<std::size_t> orders[] = {
      by([](const Lifetime& value) { return SIZE_MAX - value.bytes; }),    // largest first
      by([](const Lifetime& value) { return value.first - value.last; }),  // longest first
      by([](const Lifetime& value) { return value.first; }),               // as they appear
      by([](const Lifetime& value) { return -value.last; }),               // last to go first
      by([](const Lifetime& value) {                                       // most byte-stages
        return -static_cast<double>(value.bytes) * (value.last - value.first + 1);
      }),
  };
  const std::size_t bound = lower_bound_bytes(lifetimes);
  MemoryPlan best{.offsets = {}, .arena_bytes = SIZE_MAX};
  for (const auto& order : orders) {
    MemoryPlan plan = place_and_improve(lifetimes, order, bound);
    if (plan.arena_bytes < best.arena_bytes) best = std::move(plan);
  }
  return best;
}

}  // namespace allconv
