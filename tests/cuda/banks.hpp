// Bank conflicts of shared memory, counted from the addresses of a warp.
//
// Shared memory has 32 banks of 4-byte words. It serves 128 bytes at once: all lanes of a warp
// where each takes up to 4 bytes, half of them where each takes 8, a quarter where each takes 16,
// which is also one (8, 8) matrix of ldmatrix. Lanes that want the same word share it; different
// words of one bank take their turns. (CUDA C++ Programming Guide, Shared Memory, of compute
// capability 5.x on.)
#pragma once

#include <algorithm>
#include <array>
#include <set>

namespace allconv::kernels {

inline constexpr int kWarp = 32;

// How often shared memory is accessed, and how often it would be without conflicts.
struct BankTurns {
  int taken = 0;
  int least = 0;

  friend bool operator==(const BankTurns&, const BankTurns&) = default;
  BankTurns& operator+=(const BankTurns& other) {
    taken += other.taken, least += other.least;
    return *this;
  }
  bool free_of_conflicts() const { return taken == least; }
};

// Of one access by a warp: lane i takes `width` bytes (1 to 16) from `address(i)` on, in bytes.
template <class Address>
BankTurns bank_turns(int width, const Address& address) {
  constexpr int kBanks = 32, kWordBytes = 4;
  const int lanes = std::min(kWarp, kBanks * kWordBytes / width);  // that are served at once
  BankTurns turns;
  for (int first = 0; first < kWarp; first += lanes) {
    std::array<std::set<int>, kBanks> words;
    for (int lane = first; lane < first + lanes; ++lane) {
      const int end = address(lane) + width;
      for (int word = address(lane) / kWordBytes; word * kWordBytes < end; ++word) {
        words.at(static_cast<std::size_t>(word % kBanks)).insert(word);
      }
    }
    std::size_t longest = 0;
    for (const std::set<int>& bank : words) longest = std::max(longest, bank.size());
    turns += {.taken = static_cast<int>(longest), .least = 1};
  }
  return turns;
}

}  // namespace allconv::kernels
