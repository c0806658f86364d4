// ProgramMemory: a program's allocator as executors take memory.
#pragma once

#include "allconv/allconv.h"
#include "kernels/core/memory_source.hpp"

namespace allconv::api {

class ProgramMemory final : public kernels::MemorySource {
 public:
  ProgramMemory(const allconv_allocator& allocator, allconv_place place)
      : allocator_(allocator), place_(place) {}

  // Null where the program has no allocator.
  kernels::MemorySource* source() { return allocator_.allocate == nullptr ? nullptr : this; }

  void* take(std::size_t bytes, std::size_t alignment) noexcept override {
    return allocator_.allocate(allocator_.user, bytes, alignment, place_);
  }
  void give_back(void* memory, std::size_t bytes) noexcept override {
    allocator_.release(allocator_.user, memory, bytes, place_);
  }

 private:
  allconv_allocator allocator_;
  allconv_place place_;
};

}  // namespace allconv::api
