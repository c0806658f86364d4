// A small matrix product by tensor cores, right or with one mistake: what the machine is tested on.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace allconv::simt {

// Where its code departs from what is right.
enum class ProductMistake {
  none,
  no_barrier_after_wait,  // tiles are read before the other threads' copies have arrived
  no_barrier_at_end,      // a buffer is filled again while slower warps still read it
  weak_wait,              // the wait leaves the newest group, the one that is read, on its way
  wait_after_barrier,     // each thread waits for its own copies only after the barrier
  misaligned_copy,        // one row of a tile begins 8 bytes too late
  beyond_shared,          // a tile has one row too many
};

struct ProductArguments {
  const std::uint16_t* a;  // (m, k) fp16 or bf16
  const std::uint16_t* b;  // (k, n)
  float* c;                // (m, n)
  int m, n, k;             // multiples of 32, 32 and 16
};

// c = a * b for fp16 by ldmatrix, mma and cp.async in two buffers. Blocks of 128 threads.
cudaError_t product_f16(const ProductArguments& arguments, ProductMistake mistake,
                        cudaStream_t stream);

// The same for bf16, without mistakes.
cudaError_t product_bf16(const ProductArguments& arguments, cudaStream_t stream);

// c = a * b for floats rounded to tf32, fragments from global memory. A warp a block; m, n and k
// are multiples of 16, 8 and 8.
struct Tf32Arguments {
  const float* a;  // (m, k)
  const float* b;  // (k, n)
  float* c;        // (m, n)
  int m, n, k;
};
cudaError_t product_tf32(const Tf32Arguments& arguments, cudaStream_t stream);

}  // namespace allconv::simt
