// GuardedBytes: memory between two guards that show whether somebody wrote beside it.
#pragma once

#include <cstddef>
#include <optional>

namespace allconv::simt {

// Every byte of memory that nobody has written: read as a float, half or bfloat16 it is a NaN.
inline constexpr int kPoison = 0xFF;

class GuardedBytes {
 public:
  static constexpr std::size_t kGuard = 4096;  // bytes before and at least behind: a page

  GuardedBytes() = default;
  explicit GuardedBytes(std::size_t bytes) { resize(bytes); }
  ~GuardedBytes() { unmap(); }
  GuardedBytes(GuardedBytes&& other) noexcept { swap(other); }
  GuardedBytes& operator=(GuardedBytes&& other) noexcept {
    swap(other);
    return *this;
  }

  // Makes it `bytes` long, all poisoned.
  void resize(std::size_t bytes);

  // Aligned to a page.
  std::byte* data() const { return mapping_ + kGuard; }
  std::size_t size() const { return size_; }
  bool contains(const void* address, std::size_t bytes) const;

  // Lets nobody touch it, or everybody again.
  void lock(bool locked) const;

  // The offset from data() of a byte of the guards that was written: the one nearest to the memory.
  std::optional<std::ptrdiff_t> damage() const;
  // Poisons the guards again.
  void mend();

 private:
  void swap(GuardedBytes& other) noexcept;
  void map(std::size_t bytes);
  void unmap();

  std::byte* mapping_ = nullptr;
  std::size_t mapped_ = 0;  // bytes, guards included
  std::size_t size_ = 0;
};

}  // namespace allconv::simt
