// CacheSizes: what one core has for itself; kernels and plans choose their blocks by it.
#pragma once

#include <cstddef>

namespace allconv::kernels {

struct CacheSizes {
  std::size_t l1 = 0;  // bytes of data cache
  std::size_t l2 = 0;  // bytes
};

// As the system tells; where it does not, the least that today's cores have.
CacheSizes cache_sizes();

}  // namespace allconv::kernels
