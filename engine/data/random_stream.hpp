// RandomStream: random numbers that are a function of (seed, purpose, epoch, item) alone, so that
// they do not depend on threads, batches or on what was drawn before.
#pragma once

#include <cstdint>

namespace allconv {

// Keeps draws for different purposes apart under one seed.
enum class RandomPurpose : std::uint64_t { shuffle = 1, augment = 2, initialise = 3 };

// Place of a stream: which epoch, and which item in it.
struct RandomPlace {
  std::uint64_t epoch = 0;
  std::uint64_t item = 0;
};

// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014),
// begun at a hash of the place.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, RandomPurpose purpose, RandomPlace place)
      : state_(mixed(mixed(mixed(mixed(seed) + static_cast<std::uint64_t>(purpose)) +
                           place.epoch) + place.item)) {}

  std::uint32_t word() {
    state_ += kGolden;
    return static_cast<std::uint32_t>(mixed(state_) >> 32);
  }

  // Uniform in [0, bound), bound at least 1, without bias: the multiply-and-reject method of Lemire,
  // "Fast random integer generation in an interval", ACM TOMACS 2019.
  std::uint32_t below(std::uint32_t bound) {
    const std::uint32_t threshold = (0U - bound) % bound;  // 2^32 mod bound
    for (;;) {
      const std::uint64_t product = std::uint64_t{word()} * bound;
      if (static_cast<std::uint32_t>(product) >= threshold) {
        return static_cast<std::uint32_t>(product >> 32);
      }
    }
  }

 private:
  static constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio, odd

  static constexpr std::uint64_t mixed(std::uint64_t value) {
    value += kGolden;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
  }

  std::uint64_t state_;
};

}  // namespace allconv
