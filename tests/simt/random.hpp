// A small generator for the orders that the machine draws: splitmix64 (Steele, Lea, Flood 2014).
#pragma once

#include <cstdint>

namespace allconv::simt {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  // In [0, count).
  std::uint32_t below(std::uint32_t count) {
    return static_cast<std::uint32_t>(((next() >> 32) * count) >> 32);
  }

  // A generator of its own for item `item`.
  Random split(std::uint64_t item) const {
    Random mixed(state_ ^ (item * 0xD1B54A32D192ED03));
    return Random(mixed.next());
  }

 private:
  std::uint64_t state_;
};

}  // namespace allconv::simt
