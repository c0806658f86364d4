// product_f16, product_bf16, product_tf32: small matrix products by tensor cores.
//
// Layout: a (m, k), b (k, n), c (m, n), rows one after another.
// Tiles: (32, 32) of c a block, (16, 16) a warp, in steps of 16 in k.
// Threads: 128 a block (32 for tf32). Shared memory: two buffers of (32, 16) of a and (16, 32) of
// b. Requires m and n to be multiples of 32, k of 16. Bound by: nothing; it is here to be right, or
// wrong in one known place.
#include "tests/simt/kernels/product.cuh"

#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_shared.cuh"
#include "kernels/ptx/convert.cuh"
#include "kernels/ptx/cp_async.cuh"
#include "kernels/ptx/ldmatrix.cuh"
#include "kernels/ptx/mma.cuh"

namespace allconv::simt {
namespace {

namespace ptx = kernels::ptx;
using Mistake = ProductMistake;

constexpr int kTile = 32;    // rows and columns of c a block
constexpr int kDepth = 16;   // of k a step
constexpr int kAPitch = 24;  // elements from row to row in shared memory: 16 and a pad
constexpr int kBPitch = 40;  // the same for b: 32 and a pad
constexpr int kThreads = 128;
constexpr int kBuffers = 2;

struct Tiles {
  std::uint16_t a[kBuffers][kTile][kAPitch];   // (kTile, kDepth)
  std::uint16_t b[kBuffers][kDepth][kBPitch];  // (kDepth, kTile)
};

// Starts the copies of step `step`: 8 elements a thread, half of the threads for each matrix.
template <Mistake kMistake>
__device__ void copy_tiles(Tiles& tiles, const ProductArguments& arguments, int step) {
  const int thread = static_cast<int>(threadIdx.x);
  const int buffer = step % kBuffers;
  const int item = thread % 64;
  const bool valid = step * kDepth < arguments.k;
  if (thread < 64) {
    const int row = item / 2 + (kMistake == Mistake::beyond_shared ? 2 * kTile : 0);
    const int column = item % 2 * 8;
    const std::int64_t from =
        (std::int64_t{blockIdx.y} * kTile + item / 2) * arguments.k + step * kDepth + column;
    const int late = kMistake == Mistake::misaligned_copy && item == 5 ? 4 : 0;
    ptx::cp_async_16(&tiles.a[buffer][0][0] + row * kAPitch + column + late,
                     valid ? arguments.a + from : arguments.a, valid);
  } else {
    const int row = item / 4;
    const int column = item % 4 * 8;
    const std::int64_t from = (std::int64_t{step} * kDepth + row) * arguments.n +
                              std::int64_t{blockIdx.x} * kTile + column;
    ptx::cp_async_16(&tiles.b[buffer][row][column], valid ? arguments.b + from : arguments.b,
                     valid);
  }
  ptx::cp_async_commit();
}

// A warp's (16, 16) of c: two products of (16, 16) by (16, 8).
template <class Type>
__device__ void multiply_tiles(const Tiles& tiles, int buffer, float (&sums)[2][4]) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int row = warp / 2 * 16 + lane % 16;
  const int column = warp % 2 * 16 + lane / 16 * 8;
  std::uint32_t a[4];
  std::uint32_t b[4];
  ptx::ldmatrix_x4(a, &tiles.a[buffer][row][lane / 16 * 8]);
  ptx::ldmatrix_x4_trans(b, &tiles.b[buffer][lane % 16][column]);
  for (int half = 0; half < 2; ++half) {
    const std::uint32_t fragment[2] = {b[2 * half], b[2 * half + 1]};
    ptx::mma_m16n8k16(sums[half], a, fragment, Type{});
  }
}

__device__ void store(const ProductArguments& arguments, const float (&sums)[2][4]) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t row = std::int64_t{blockIdx.y} * kTile + warp / 2 * 16 + lane / 4;
  const std::int64_t column = std::int64_t{blockIdx.x} * kTile + warp % 2 * 16 + lane % 4 * 2;
  for (int half = 0; half < 2; ++half) {
    for (int at = 0; at < 4; ++at) {
      const std::int64_t place = (row + at / 2 * 8) * arguments.n + column + half * 8 + at % 2;
      arguments.c[place] = sums[half][at];
    }
  }
}

template <class Type, Mistake kMistake>
__global__ void __launch_bounds__(kThreads) product_kernel(ProductArguments arguments) {
  Tiles& tiles = *kernels::dynamic_shared_memory<Tiles>();
  float sums[2][4] = {};
  copy_tiles<kMistake>(tiles, arguments, 0);
  for (int step = 0; step * kDepth < arguments.k; ++step) {
    copy_tiles<kMistake>(tiles, arguments, step + 1);
    if constexpr (kMistake == Mistake::wait_after_barrier) {
      __syncthreads();
      ptx::cp_async_wait<1>();
    } else {
      ptx::cp_async_wait<kMistake == Mistake::weak_wait ? 2 : 1>();
      if constexpr (kMistake != Mistake::no_barrier_after_wait) __syncthreads();
    }
    multiply_tiles<Type>(tiles, step % kBuffers, sums);
    if constexpr (kMistake != Mistake::no_barrier_at_end) __syncthreads();
  }
  store(arguments, sums);
}

template <class Type, Mistake kMistake>
cudaError_t launch_product(const ProductArguments& arguments, cudaStream_t stream) {
  const kernels::LaunchShape shape{.blocks = dim3(static_cast<unsigned>(arguments.n / kTile),
                                                  static_cast<unsigned>(arguments.m / kTile)),
                                   .threads = dim3(kThreads),
                                   .shared_memory = sizeof(Tiles)};
  return kernels::launch(product_kernel<Type, kMistake>, shape, stream, arguments);
}

__global__ void __launch_bounds__(32) tf32_kernel(Tf32Arguments arguments) {
  const int group = static_cast<int>(threadIdx.x) / 4;
  const int quad = static_cast<int>(threadIdx.x) % 4;
  const std::int64_t row = std::int64_t{blockIdx.y} * 16 + group;
  const std::int64_t column = std::int64_t{blockIdx.x} * 8;
  float sums[4] = {};
  for (std::int64_t k = 0; k < arguments.k; k += 8) {
    std::uint32_t a[4];
    std::uint32_t b[2];
    for (int at = 0; at < 4; ++at) {
      const std::int64_t place = (row + at % 2 * 8) * arguments.k + k + quad + at / 2 * 4;
      a[at] = ptx::to_tf32(arguments.a[place]);
    }
    for (int at = 0; at < 2; ++at) {
      b[at] = ptx::to_tf32(arguments.b[(k + quad + at * 4) * arguments.n + column + group]);
    }
    ptx::mma_m16n8k8_tf32(sums, a, b);
  }
  for (int at = 0; at < 4; ++at) {
    arguments.c[(row + at / 2 * 8) * arguments.n + column + quad * 2 + at % 2] = sums[at];
  }
}

}  // namespace

cudaError_t product_f16(const ProductArguments& arguments, ProductMistake mistake,
                        cudaStream_t stream) {
  using ptx::F16;
  switch (mistake) {
    case Mistake::none: return launch_product<F16, Mistake::none>(arguments, stream);
    case Mistake::no_barrier_after_wait:
      return launch_product<F16, Mistake::no_barrier_after_wait>(arguments, stream);
    case Mistake::no_barrier_at_end:
      return launch_product<F16, Mistake::no_barrier_at_end>(arguments, stream);
    case Mistake::weak_wait: return launch_product<F16, Mistake::weak_wait>(arguments, stream);
    case Mistake::wait_after_barrier:
      return launch_product<F16, Mistake::wait_after_barrier>(arguments, stream);
    case Mistake::misaligned_copy:
      return launch_product<F16, Mistake::misaligned_copy>(arguments, stream);
    case Mistake::beyond_shared:
      return launch_product<F16, Mistake::beyond_shared>(arguments, stream);
  }
  return cudaErrorInvalidValue;
}

cudaError_t product_bf16(const ProductArguments& arguments, cudaStream_t stream) {
  return launch_product<ptx::BF16, Mistake::none>(arguments, stream);
}

cudaError_t product_tf32(const Tf32Arguments& arguments, cudaStream_t stream) {
  const kernels::LaunchShape shape{.blocks = dim3(static_cast<unsigned>(arguments.n / 8),
                                                  static_cast<unsigned>(arguments.m / 16)),
                                   .threads = dim3(32)};
  return kernels::launch(tf32_kernel, shape, stream, arguments);
}

}  // namespace allconv::simt
