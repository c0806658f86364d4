// The order in which an epoch takes the training images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace allconv {

// A permutation of 0 .. count-1, a function of (count, seed, epoch); all permutations are equally
// likely. `count` is below 2^32.
std::vector<std::uint32_t> shuffled_order(std::size_t count, std::uint64_t seed,
                                          std::uint64_t epoch);

}  // namespace allconv
