// Buffer: owned, 64-byte aligned memory of trivially copyable elements.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "kernels/core/memory_source.hpp"

namespace allconv::kernels {

inline constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector

constexpr std::size_t align_up(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Memory for Buffer, aligned to a cache line; where it is large, to a huge page, which the system
// is asked for: streaming weights then misses no translation. From the source where there is one,
// aligned to a cache line. Throws std::bad_alloc.
void* allocate_aligned(std::size_t bytes, MemorySource* source);
// `bytes` as they were asked for.
void release_aligned(void* memory, std::size_t bytes, MemorySource* source);

// Move-only. Contents are undefined after construction. Throws std::bad_alloc.
template <class Element>
class Buffer {
  static_assert(std::is_trivially_copyable_v<Element>);

 public:
  Buffer() = default;
  // The source is null for the system's memory.
  explicit Buffer(std::size_t size, MemorySource* source = nullptr)
      : data_(size == 0 ? nullptr
                        : static_cast<Element*>(allocate_aligned(size * sizeof(Element), source)),
              Release{size * sizeof(Element), source}),
        size_(size) {}

  Element* data() { return data_.get(); }
  const Element* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::span<Element> span() { return {data_.get(), size_}; }
  std::span<const Element> span() const { return {data_.get(), size_}; }
  Element& operator[](std::size_t i) { return data_.get()[i]; }
  const Element& operator[](std::size_t i) const { return data_.get()[i]; }

 private:
  struct Release {
    std::size_t bytes = 0;
    MemorySource* source = nullptr;
    void operator()(Element* data) const { release_aligned(data, bytes, source); }
  };

  std::unique_ptr<Element, Release> data_;
  std::size_t size_ = 0;
};

}  // namespace allconv::kernels
