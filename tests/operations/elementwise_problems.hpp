// Element counts that element-wise kernels can get wrong: one, around each vector width, several
// blocks of a GPU with a tail, around the boundary of a CPU's part, and several parts with a tail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/core/kernel.hpp"

namespace allconv::suite {

inline constexpr std::int64_t kQuickCounts[] = {1,
                                                3,
                                                7,
                                                8,
                                                9,
                                                15,
                                                16,
                                                17,
                                                31,
                                                33,
                                                100,
                                                1000,
                                                4099,
                                                kernels::kElementsPerPart - 1,
                                                kernels::kElementsPerPart,
                                                kernels::kElementsPerPart + 1,
                                                3 * kernels::kElementsPerPart + 13};

// Largest activations of all-cnn-c at batch 32 and of large-all-cnn at batch 1.
inline constexpr std::int64_t kFullCounts[] = {std::int64_t{32} * 32 * 32 * 96,
                                               std::int64_t{125} * 125 * 320};

// A problem for each count; `base` gives the other fields.
template <class Problem, std::size_t kSize>
std::vector<Problem> with_counts(const std::int64_t (&counts)[kSize], Problem base) {
  std::vector<Problem> problems;
  for (const std::int64_t count : counts) {
    base.count = count;
    problems.push_back(base);
  }
  return problems;
}

template <class Problem>
void append(std::vector<Problem>& problems, const std::vector<Problem>& more) {
  problems.insert(problems.end(), more.begin(), more.end());
}

}  // namespace allconv::suite
