// Every tile of the gathered product gives the same bits: problems of the suite are too small for
// the planner to choose them all.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "engine/runtime/cuda/resources.hpp"
#include "kernels/conv2d/gather_cuda.hpp"
#include "kernels/conv2d/gather_tile.hpp"
#include "kernels/core/problem_text.hpp"
#include "tests/simt/machine.hpp"

namespace allconv::kernels {
namespace {

using cuda::check;
using cuda::DeviceMemory;

constexpr GatherTile kTiles[] = {kWideTile, kEvenTile, kShortTile, kSlimTile};

// Small numbers of both signs, in any element: the high bits make halves of either type.
DeviceMemory filled(std::int64_t elements, Precision precision) {
  const auto count = static_cast<std::size_t>(elements);
  std::vector<std::byte> host(count * element_bytes(precision));
  for (std::size_t i = 0; i < count; ++i) {
    const float value = static_cast<float>(i * 7 % 23) / 16 - 0.6875F;  // exact in bf16
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const auto bf16 = static_cast<std::uint16_t>(bits >> 16);
    const auto fp16 = static_cast<std::uint16_t>(0x3000 + i * 7 % 23 * 16 + (i % 2 << 15));
    const std::uint16_t half = precision == Precision::bf16 ? bf16 : fp16;
    std::memcpy(host.data() + i * element_bytes(precision),
                element_bytes(precision) == 2 ? static_cast<const void*>(&half) : &value,
                element_bytes(precision));
  }
  DeviceMemory memory(host.size());
  check(cudaMemcpy(memory.data(), host.data(), host.size(), cudaMemcpyHostToDevice), "filling");
  return memory;
}

std::vector<std::byte> result_of(GatherProblem problem, const GatherTile& tile) {
  problem.tile = tile;
  const Conv2dProblem& conv = problem.conv;
  const bool backward = problem.data_gradient;
  const DeviceMemory src = filled(backward ? conv.dst_size() : conv.src_size(), problem.precision);
  const DeviceMemory weights = filled(conv.weights_size(), Precision::fp32);
  const DeviceMemory bias = filled(conv.k, Precision::fp32);
  const std::int64_t results = backward ? conv.src_size() : conv.dst_size();
  const DeviceMemory dst(static_cast<std::size_t>(results) * element_bytes(problem.precision));
  const auto form = problem.weights(gather_depth_multiple(problem.precision));
  const DeviceMemory packed(static_cast<std::size_t>(form.size()) *
                            element_bytes(problem.precision));
  check(gather_pack_cuda(problem, weights.as<float>(), packed.data(), nullptr), "packing");
  GatherArguments arguments{
      .src = src.data(), .weights = packed.data(), .dst = dst.data(), .epilogue = {}};
  if (!backward) arguments.epilogue.bias = bias.as<float>();
  check(gather_cuda_sm80(problem, arguments, nullptr), "launching");
  std::vector<std::byte> host(dst.size());
  check(cudaMemcpy(host.data(), dst.data(), host.size(), cudaMemcpyDeviceToHost), "fetching");
  return host;
}

TEST(GatherTiles, AllGiveTheSameBits) {
  // Results and channels that end inside of every tile, and a stride's phases.
  for (const char* const text : {"n1h13w11c40k104r3s3p1", "n2h9w11c24k56r3s3u2v2p1"}) {
    for (const Precision precision : {Precision::tf32, Precision::fp16, Precision::bf16}) {
      for (const bool data_gradient : {false, true}) {
        const GatherProblem problem{.conv = parse_problem<Conv2dProblem>(text).value(),
                                    .data_gradient = data_gradient,
                                    .precision = precision};
        const auto expected = result_of(problem, kTiles[0]);
        for (const GatherTile& tile : kTiles) {
          EXPECT_EQ(result_of(problem, tile), expected)
              << text << " " << to_string(precision) << " " << tile.m << "x" << tile.n;
        }
      }
    }
  }
  EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
}

TEST(GatherTiles, AnUnknownTileIsRefused) {
  GatherProblem problem{.conv = parse_problem<Conv2dProblem>("c8k8").value(),
                        .precision = Precision::fp16,
                        .tile = {.m = 32, .n = 32}};
  EXPECT_EQ(gather_cuda_sm80(problem, {}, nullptr), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace allconv::kernels
