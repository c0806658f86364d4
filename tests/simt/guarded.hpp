// GuardedBytes: memory between two guards that show whether somebody wrote beside it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

namespace allconv::simt {

// Every byte of memory that nobody has written: read as a float, half or bfloat16 it is a NaN.
inline constexpr int kPoison = 0xFF;

class GuardedBytes {
 public:
  static constexpr std::size_t kGuard = 4096;  // bytes before and behind
  static constexpr std::size_t kAlignment = 256;

  GuardedBytes() = default;
  explicit GuardedBytes(std::size_t bytes) { resize(bytes); }
  ~GuardedBytes();
  GuardedBytes(GuardedBytes&&) = default;
  GuardedBytes& operator=(GuardedBytes&&) = default;

  // Makes it `bytes` long, all poisoned.
  void resize(std::size_t bytes);

  std::byte* data() const { return memory_.get() + kGuard; }
  std::size_t size() const { return size_; }
  bool contains(const void* address, std::size_t bytes) const;

  // The offset from data() of a byte of the guards that was written: the one nearest to the memory.
  std::optional<std::ptrdiff_t> damage() const;
  // Poisons the guards again.
  void mend();

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };

  std::unique_ptr<std::byte[], Free> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace allconv::simt
