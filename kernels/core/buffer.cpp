#include "kernels/core/buffer.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace allconv::kernels {

namespace {

// Memory of at least one huge page begins at one.
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::align_val_t alignment_of(std::size_t bytes) {
  return std::align_val_t{bytes < kHugePage ? kAlignment : kHugePage};
}

}  // namespace

void* allocate_aligned(std::size_t bytes, MemorySource* source) {
  if (source != nullptr) {
    void* const given = source->take(align_up(bytes), kAlignment);
    if (given == nullptr) throw std::bad_alloc();
    return given;
  }
  void* const memory = ::operator new(align_up(bytes), alignment_of(bytes));
#if defined(__linux__)
  // A wish: without huge pages the memory is as good, and only slower.
  if (bytes >= kHugePage) static_cast<void>(::madvise(memory, bytes, MADV_HUGEPAGE));
#endif
  return memory;
}

void release_aligned(void* memory, std::size_t bytes, MemorySource* source) {
  if (source != nullptr) return source->give_back(memory, align_up(bytes));
  ::operator delete(memory, alignment_of(bytes));
}

}  // namespace allconv::kernels
