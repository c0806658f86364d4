// GuardedMemory: memory of exactly the asked size between two guards of NaN words. Whoever writes
// beyond an end is found; whoever reads beyond it computes with NaN, which the comparison finds. No
// two neighbours in time have the same words: a NaN from one's guard, written over another's,
// shows.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/core/buffer.hpp"

namespace allconv::suite {

class GuardedMemory {
 public:
  GuardedMemory() = default;

  // Filled with NaN words, as outputs and workspaces start. data() is 64-byte aligned.
  explicit GuardedMemory(std::size_t bytes);
  explicit GuardedMemory(std::span<const std::byte> contents);

  std::byte* data() const;
  std::size_t size() const { return size_; }
  std::span<std::byte> span() const { return {data(), size_}; }

  // With both guards, which are of one size, a multiple of 256 bytes.
  std::span<std::byte> whole() const { return {memory_.data(), memory_.size()}; }

  // Bytes of both guards that were overwritten.
  std::size_t damaged_bytes() const;

 private:
  std::byte pattern_byte(std::size_t offset) const;

  mutable kernels::Buffer<std::byte> memory_;
  std::size_t size_ = 0;
  std::byte mark_{};  // the lowest byte of each word
};

}  // namespace allconv::suite
