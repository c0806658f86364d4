// load_fragments, copy_words, round_values: single instructions; see fragments.cuh.
#include "tests/simt/kernels/fragments.cuh"

#include "kernels/core/cuda_launch.cuh"
#include "kernels/core/cuda_shared.cuh"
#include "kernels/ptx/convert.cuh"
#include "kernels/ptx/cp_async.cuh"
#include "kernels/ptx/ldmatrix.cuh"

namespace allconv::simt {
namespace {

namespace ptx = kernels::ptx;

constexpr int kElements = 4 * 8 * 8;

__global__ void load_kernel(const std::uint16_t* src, std::uint32_t* registers, LoadForm form) {
  auto* matrices = kernels::dynamic_shared_memory<std::uint16_t>();  // (4, 8, 8)
  const unsigned lane = threadIdx.x;
  for (unsigned at = lane; at < kElements; at += 32) matrices[at] = src[at];
  __syncwarp();
  std::uint32_t four[4] = {};
  std::uint32_t two[2] = {};
  // The addresses of the upper lanes count for nothing in the forms of two matrices.
  const std::uint16_t* row = matrices + lane * 8;
  if (form == LoadForm::x4) ptx::ldmatrix_x4(four, row);
  if (form == LoadForm::x4_trans) ptx::ldmatrix_x4_trans(four, row);
  if (form == LoadForm::x2) ptx::ldmatrix_x2(two, lane < 16 ? row : nullptr);
  if (form == LoadForm::x2_trans) ptx::ldmatrix_x2_trans(two, lane < 16 ? row : nullptr);
  for (int at = 0; at < 4; ++at) registers[lane * 4 + at] = four[at] | (at < 2 ? two[at] : 0);
}

__global__ void copy_words_kernel(const float* src, float* dst, int valid) {
  auto* words = kernels::dynamic_shared_memory<float>();  // (32)
  const int lane = static_cast<int>(threadIdx.x);
  ptx::cp_async_4(words + lane, src + lane, lane < valid);
  ptx::cp_async_commit();
  ptx::cp_async_wait<0>();
  dst[lane] = words[lane];
}

__global__ void round_kernel(const float* src, std::uint32_t* dst) {
  const unsigned lane = threadIdx.x;
  dst[lane] = ptx::to_tf32(src[lane]);
  dst[32 + lane] = ptx::pack_f16x2(src[lane], -src[lane]);
  dst[64 + lane] = ptx::pack_bf16x2(src[lane], -src[lane]);
}

constexpr kernels::LaunchShape warp_with(std::size_t shared_memory) {
  return {.blocks = dim3(1), .threads = dim3(32), .shared_memory = shared_memory};
}

}  // namespace

cudaError_t load_fragments(const std::uint16_t* src, std::uint32_t* registers, LoadForm form) {
  return kernels::launch(load_kernel, warp_with(kElements * sizeof(std::uint16_t)), nullptr, src,
                         registers, form);
}

cudaError_t copy_words(const float* src, float* dst, int valid) {
  return kernels::launch(copy_words_kernel, warp_with(32 * sizeof(float)), nullptr, src, dst,
                         valid);
}

cudaError_t round_values(const float* src, std::uint32_t* dst) {
  return kernels::launch(round_kernel, warp_with(0), nullptr, src, dst);
}

}  // namespace allconv::simt
