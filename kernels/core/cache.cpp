#include "kernels/core/cache.hpp"

#include <unistd.h>

namespace allconv::kernels {

namespace {

std::size_t told_or(long told, std::size_t otherwise) {
  return told > 0 ? static_cast<std::size_t>(told) : otherwise;
}

}  // namespace

CacheSizes cache_sizes() {
  return {.l1 = told_or(::sysconf(_SC_LEVEL1_DCACHE_SIZE), 32 << 10),
          .l2 = told_or(::sysconf(_SC_LEVEL2_CACHE_SIZE), 512 << 10)};
}

}  // namespace allconv::kernels
