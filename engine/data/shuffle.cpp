#include "engine/data/shuffle.hpp"

#include <numeric>
#include <utility>

#include "engine/support/random_stream.hpp"

namespace allconv {

// Fisher and Yates: each place, from the last down, takes one of those not yet placed.
std::vector<std::uint32_t> shuffled_order(std::size_t count, std::uint64_t seed,
                                          std::uint64_t epoch) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  RandomStream random(seed, RandomPurpose::shuffle, {.epoch = epoch});
  for (std::size_t left = count; left > 1; --left) {
    std::swap(order[left - 1], order[random.below(static_cast<std::uint32_t>(left))]);
  }
  return order;
}

}  // namespace allconv
