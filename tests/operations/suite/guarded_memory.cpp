#include "tests/operations/suite/guarded_memory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

namespace allconv::suite {

namespace {

constexpr std::size_t kGuardBytes = 512;  // on each side; keeps the alignment

// A quiet NaN in little-endian order, with a payload that no computation makes. Computations pass
// payloads on; the first byte is a mark of its own for each memory.
constexpr std::array<unsigned char, 4> kPattern = {0xA5, 0xA5, 0xE5, 0x7F};

std::byte next_mark() {
  static std::atomic<unsigned> made = 0;
  return static_cast<std::byte>(made++);
}

}  // namespace

// The pattern's phase follows the contents, so that a float just behind them reads as NaN.
std::byte GuardedMemory::pattern_byte(std::size_t offset) const {
  const std::size_t at = offset % kPattern.size();
  return at == 0 ? mark_ : static_cast<std::byte>(kPattern[at]);
}

GuardedMemory::GuardedMemory(std::size_t bytes)
    : memory_(kGuardBytes + bytes + kGuardBytes), size_(bytes), mark_(next_mark()) {
  std::size_t filled = kPattern.size();
  for (std::size_t i = 0; i < filled; ++i) memory_[i] = pattern_byte(i);
  while (filled < memory_.size()) {
    const std::size_t more = std::min(filled, memory_.size() - filled);
    std::memcpy(memory_.data() + filled, memory_.data(), more);
    filled += more;
  }
}

GuardedMemory::GuardedMemory(std::span<const std::byte> contents) : GuardedMemory(contents.size()) {
  if (!contents.empty()) std::memcpy(data(), contents.data(), contents.size());
}

std::byte* GuardedMemory::data() const { return memory_.data() + kGuardBytes; }

std::size_t GuardedMemory::damaged_bytes() const {
  if (memory_.size() == 0) return 0;  // made by default, without guards
  std::size_t damaged = 0;
  for (const std::size_t guard : {std::size_t{0}, kGuardBytes + size_}) {
    for (std::size_t i = guard; i < guard + kGuardBytes; ++i) {
      if (memory_[i] != pattern_byte(i)) ++damaged;
    }
  }
  return damaged;
}

}  // namespace allconv::suite
