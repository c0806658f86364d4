// Philox4x32-10: a counter-based random generator. From a key of 64 bits and a counter of 128 bits,
// four words of 32 bits, without any state. Salmon, Moraes, Dror, Shaw, "Parallel random numbers:
// as easy as 1, 2, 3", SC 2011, section 3.3: the constants are the paper's.
#pragma once

#include <cstdint>

namespace allconv::kernels {

// Four words: a counter on the way in, random bits on the way out.
struct PhiloxBlock {
  std::uint32_t word[4] = {0, 0, 0, 0};

  friend constexpr bool operator==(const PhiloxBlock&, const PhiloxBlock&) = default;
};

struct PhiloxKey {
  std::uint32_t word[2] = {0, 0};
};

inline constexpr int kPhiloxRounds = 10;
// Scalars, not arrays: an array would be emitted into the objects of an instruction set.
inline constexpr std::uint32_t kPhiloxMultiplier0 = 0xD2511F53U;
inline constexpr std::uint32_t kPhiloxMultiplier1 = 0xCD9E8D57U;
inline constexpr std::uint32_t kPhiloxKeyStep0 = 0x9E3779B9U;  // of the golden ratio
inline constexpr std::uint32_t kPhiloxKeyStep1 = 0xBB67AE85U;  // of the square root of 3

constexpr PhiloxBlock philox4x32_10(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const std::uint64_t first = std::uint64_t{kPhiloxMultiplier0} * counter.word[0];
    const std::uint64_t second = std::uint64_t{kPhiloxMultiplier1} * counter.word[2];
    const auto high = [](std::uint64_t product) {
      return static_cast<std::uint32_t>(product >> 32);
    };
    counter = {{high(second) ^ counter.word[1] ^ key.word[0], static_cast<std::uint32_t>(second),
                high(first) ^ counter.word[3] ^ key.word[1], static_cast<std::uint32_t>(first)}};
    key = {{key.word[0] + kPhiloxKeyStep0, key.word[1] + kPhiloxKeyStep1}};
  }
  return counter;
}

}  // namespace allconv::kernels
