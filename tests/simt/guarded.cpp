#include "tests/simt/guarded.hpp"

#include <cstring>
#include <functional>
#include <new>

#include "tests/simt/sanitizers.hpp"

namespace allconv::simt {

void GuardedBytes::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, std::align_val_t{kAlignment});
}

GuardedBytes::~GuardedBytes() {
  if (memory_) allow(memory_.get(), capacity_ + 2 * kGuard);
}

void GuardedBytes::resize(std::size_t bytes) {
  if (!memory_ || bytes > capacity_) {
    if (memory_) allow(memory_.get(), capacity_ + 2 * kGuard);
    capacity_ = bytes;
    memory_.reset(static_cast<std::byte*>(
        ::operator new[](capacity_ + 2 * kGuard, std::align_val_t{kAlignment})));
  }
  size_ = bytes;
  allow(memory_.get(), capacity_ + 2 * kGuard);
  std::memset(memory_.get(), kPoison, size_ + 2 * kGuard);
  forbid(memory_.get(), kGuard);
  forbid(data() + size_, capacity_ - size_ + kGuard);
}

bool GuardedBytes::contains(const void* address, std::size_t bytes) const {
  if (!memory_) return false;
  const std::less_equal<const std::byte*> ordered;
  const auto* first = static_cast<const std::byte*>(address);
  return ordered(data(), first) && ordered(first + bytes, data() + size_);
}

std::optional<std::ptrdiff_t> GuardedBytes::damage() const {
  if (!memory_ || kAddressSanitizer) return std::nullopt;  // there every access is watched
  const auto written = [this](std::ptrdiff_t offset) {
    return data()[offset] != static_cast<std::byte>(kPoison);
  };
  const auto size = static_cast<std::ptrdiff_t>(size_);
  for (std::ptrdiff_t at = 0; at < static_cast<std::ptrdiff_t>(kGuard); ++at) {
    if (written(size + at)) return size + at;
    if (written(-1 - at)) return -1 - at;
  }
  return std::nullopt;
}

void GuardedBytes::mend() {
  std::memset(memory_.get(), kPoison, kGuard);
  std::memset(data() + size_, kPoison, kGuard);
}

}  // namespace allconv::simt
