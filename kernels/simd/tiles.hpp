// Tile registers: matrices of up to 16 rows of 64 bytes, and products of bf16 that are summed in
// fp32. The only home of their instructions.
//
// A *_tiles.cpp is compiled twice, with ALLCONV_ISA defined as amx and as portable, under the rules
// of vector.hpp. The portable form shows what the instructions do, on any CPU.
#pragma once

#include "kernels/simd/vector.hpp"

#if defined(__AMX_BF16__)
#include "kernels/simd/tiles_amx.hpp"
#else
#include "kernels/simd/tiles_portable.hpp"
#endif
