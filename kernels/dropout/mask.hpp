// The dropout mask: which word of which Philox block decides over an element. Shared by the
// reference and the files compiled for an instruction set, therefore always inlined.
//
//     key      the low and the high half of the seed
//     counter  low32(block), low32(step), high32(step), layer ^ (high32(block) << 16)
//     block    e / 4, of which word e % 4 belongs to element e of the whole batch
//
// Blocks are distinct as long as there are below 2^16 layers and 2^50 elements in a batch.
// An element is dropped when its word is below rate * 2^32.
#pragma once

#include <cstdint>

#include "kernels/dropout/philox.hpp"

namespace allconv::kernels {

inline constexpr int kPhiloxWords = 4;  // of one block

// Where a mask comes from; element 0 of a tensor is `first_element` of the batch.
struct DropoutStream {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::uint32_t layer = 0;
  std::uint64_t first_element = 0;
};

[[gnu::always_inline]] constexpr PhiloxKey dropout_key(std::uint64_t seed) {
  return {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
}

[[gnu::always_inline]] constexpr PhiloxBlock dropout_counter(const DropoutStream& stream,
                                                             std::uint64_t block) {
  const auto high = static_cast<std::uint32_t>(block >> 32);
  return {{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(stream.step),
           static_cast<std::uint32_t>(stream.step >> 32), stream.layer ^ (high << 16)}};
}

// Words below this drop. rate * 2^32 rounded up: an integer is below a number when it is below the
// number's ceiling. Fits, because a float below 1 is at most 1 - 2^-24.
[[gnu::always_inline]] constexpr std::uint32_t dropout_threshold(float rate) {
  const double bound = static_cast<double>(rate) * 4294967296.0;
  const auto floor = static_cast<std::uint32_t>(bound);
  return floor + (static_cast<double>(floor) < bound ? 1U : 0U);
}

// What kept elements are multiplied by, so that the mean stays.
[[gnu::always_inline]] constexpr float dropout_scale(float rate) {
  return static_cast<float>(1.0 / (1.0 - static_cast<double>(rate)));
}

}  // namespace allconv::kernels
