// Vectors of the instruction set that a file is compiled for: the only home of intrinsics.
//
// A *_simd.cpp is compiled once an instruction set with ALLCONV_ISA defined as avx512, avx2 or
// portable (a *_tiles.cpp as tiles.hpp says). It includes this file and plain data only, and keeps
// everything in allconv::kernels::ALLCONV_ISA: no function compiled with wider instructions may
// ever win at link time over one that is not.
//
//     for_each_vector(count, [&](std::int64_t i, auto lanes) {
//       store(dst + i, load(src + i, lanes) * broadcast(2), lanes);
//     });
#pragma once

#include <cstdint>

#if defined(__AVX512F__)
#include "kernels/simd/avx512.hpp"
#elif defined(__AVX2__)
#include "kernels/simd/avx2.hpp"
#else
#include "kernels/simd/portable.hpp"
#endif

namespace allconv::kernels::ALLCONV_ISA {

// Calls body(i, AllLanes) for each whole vector of `count` elements, then body(i, FirstLanes) for
// the tail where there is one; i is the vector's first element.
template <class Body>
inline void for_each_vector(std::int64_t count, const Body& body) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) body(i, AllLanes{});
  if (i < count) body(i, FirstLanes{static_cast<int>(count - i)});
}

}  // namespace allconv::kernels::ALLCONV_ISA
