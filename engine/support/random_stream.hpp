// RandomStream: random numbers that are a function of (seed, purpose, epoch, item) alone, so that
// they do not depend on threads, batches or on what was drawn before.
#pragma once

#include <cstdint>

#include "kernels/dropout/philox.hpp"

namespace allconv {

// Keeps draws for different purposes apart under one seed.
enum class RandomPurpose : std::uint32_t {
  shuffle = 1,
  augment = 2,
  initialise = 3,
  crop = 4,
  warp = 5,
};

// Place of a stream: which epoch, and which item in it; both below 2^32.
struct RandomPlace {
  std::uint64_t epoch = 0;
  std::uint64_t item = 0;
};

// Words of Philox4x32-10 in ascending order, up to 2^34 of them. The key is the seed, the counter
// is (block, item, epoch, purpose) with bits set that no dropout mask sets.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, RandomPurpose purpose, RandomPlace place)
      : key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}},
        counter_{{0, static_cast<std::uint32_t>(place.item),
                  static_cast<std::uint32_t>(place.epoch),
                  kNotDropout | static_cast<std::uint32_t>(purpose)}} {}

  std::uint32_t word() {
    if (next_ == kWords) {
      block_ = kernels::philox4x32_10(counter_, key_);
      ++counter_.word[0];
      next_ = 0;
    }
    return block_.word[next_++];
  }

  // Uniform in [0, bound), bound at least 1, without bias: the multiply-and-reject method of
  // Lemire, "Fast random integer generation in an interval", ACM TOMACS 2019.
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
  static constexpr std::uint32_t kNotDropout = 0xFFFF0000U;
  static constexpr int kWords = 4;

  kernels::PhiloxKey key_;
  kernels::PhiloxBlock counter_;
  kernels::PhiloxBlock block_;
  int next_ = kWords;  // of block_, used up
};

}  // namespace allconv
