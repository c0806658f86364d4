#include "tests/simt/guarded.hpp"

#include <sys/mman.h>

#include <cstring>
#include <functional>
#include <new>
#include <utility>

#include "tests/simt/sanitizers.hpp"

namespace allconv::simt {

namespace {

// Whether all bytes of a guard are as they were made: each is equal to the one before it.
bool is_poison(const std::byte* guard) {
  return guard[0] == static_cast<std::byte>(kPoison) &&
         std::memcmp(guard, guard + 1, GuardedBytes::kGuard - 1) == 0;
}

}  // namespace

void GuardedBytes::swap(GuardedBytes& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(mapped_, other.mapped_);
  std::swap(size_, other.size_);
}

void GuardedBytes::map(std::size_t bytes) {
  const std::size_t pages = (bytes + kGuard - 1) / kGuard;
  mapped_ = (pages + 2) * kGuard;
  void* mapping =
      mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<std::byte*>(mapping);
}

void GuardedBytes::unmap() {
  if (mapping_ == nullptr) return;
  allow(mapping_, mapped_);
  munmap(mapping_, mapped_);
  mapping_ = nullptr;
}

// The race detector forgets what was done to memory when it is mapped anew.
void GuardedBytes::resize(std::size_t bytes) {
  if (mapping_ == nullptr || bytes + 2 * kGuard > mapped_ || kRaceDetector) {
    unmap();
    map(bytes);
  }
  size_ = bytes;
  allow(mapping_, mapped_);
  std::memset(mapping_, kPoison, mapped_);
  forbid(mapping_, kGuard);
  forbid(data() + size_, mapped_ - kGuard - size_);
}

bool GuardedBytes::contains(const void* address, std::size_t bytes) const {
  if (mapping_ == nullptr) return false;
  const std::less_equal<const std::byte*> ordered;
  const auto* first = static_cast<const std::byte*>(address);
  return ordered(data(), first) && ordered(first + bytes, data() + size_);
}

void GuardedBytes::lock(bool locked) const {
  mprotect(mapping_, mapped_, locked ? PROT_NONE : PROT_READ | PROT_WRITE);
}

std::optional<std::ptrdiff_t> GuardedBytes::damage() const {
  if (mapping_ == nullptr || kAddressSanitizer) return std::nullopt;  // there all are watched
  if (is_poison(mapping_) && is_poison(data() + size_)) return std::nullopt;
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
  std::memset(mapping_, kPoison, kGuard);
  std::memset(data() + size_, kPoison, mapped_ - kGuard - size_);
}

}  // namespace allconv::simt
