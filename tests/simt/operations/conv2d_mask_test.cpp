// The bits that a convolution's forward pass leaves of its ReLU, and the data gradient that reads
// them instead of the ReLU's output.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernels/conv2d/cuda.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"
#include "tests/simt/operations/device_types.hpp"
#include "tests/simt/operations/weights_order.hpp"

namespace allconv::suite {
namespace {

using kernels::Conv2dDataGradient;
using kernels::Conv2dEpilogue;
using kernels::Conv2dForward;
using kernels::Conv2dProblem;
using kernels::DeviceTypes;
using kernels::Precision;

using Bytes = std::vector<std::byte>;
using DeviceBytes = simt::DeviceArray<std::byte>;

constexpr Conv2dProblem kForwardProblem{.n = 3,
                                        .h = 9,
                                        .w = 7,
                                        .c = 16,
                                        .k = 24,
                                        .r = 3,
                                        .s = 3,
                                        .pad = {1, 1, 1, 1},
                                        .epilogue = Conv2dEpilogue::relu,
                                        .slope = 0.25F};

// All tensors of maps, in the precision asked for.
TensorList maps(const Conv2dProblem& problem, const DeviceTypes& types) {
  const Filler fill(DataKind::reals, 1);
  TensorList list;
  list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map);
  list.input("dst", fill.values("dst", problem.dst_size())).stored_as(Storage::map);
  return as_on_device(list, types);
}

// A row's kernel, and weights packed by it.
template <class Operation>
class Packed {
 public:
  Packed(const kernels::CudaKernel<Operation>& row,
         const kernels::DeviceProblem<Operation>& problem)
      : kernel_(row.prepare(problem)), weights_(kernel_->packed_weights_bytes()) {
    const std::vector<float> drawn =
        Filler(DataKind::reals, 1).values("weights", problem.problem.weights_size());
    const simt::DeviceArray<float> ordered(to_krsc(problem.problem, drawn.data()));
    EXPECT_EQ(kernel_->pack_weights(nullptr, ordered.data(), weights_.data()), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  }

  const std::byte* weights() const { return weights_.data(); }
  void run(const typename Operation::DeviceArguments& arguments) const {
    const DeviceBytes scratch(kernel_->workspace_bytes());
    EXPECT_EQ(kernel_->run({.scratch = scratch.data()}, arguments), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
  }

 private:
  std::unique_ptr<const kernels::CudaPreparedKernel<Operation>> kernel_;
  DeviceBytes weights_;
};

// Calls test(row, problem) for every row and precision that take the problem.
template <class Operation, class Test>
void for_each_row(const Conv2dProblem& problem, const Test& test) {
  for (const Precision precision : kernels::kPrecisions) {
    for (const auto& row : cuda_kernel_table(Operation{})) {
      const kernels::DeviceProblem<Operation> on_device{
          .problem = problem, .types = {.map = precision, .row = precision}};
      if (!row.accepts(on_device).accepted()) continue;
      SCOPED_TRACE(std::string(row.name) + " " + to_text(on_device.types));
      test(row, on_device);
    }
  }
}

// Bit i of byte j is element 8 j + i.
bool bit_of(const std::vector<std::uint8_t>& mask, std::size_t element) {
  return (mask[element / 8] >> (element % 8) & 1) != 0;
}

TEST(Conv2dMask, SaysWhichResultsArePositive) {
  const Conv2dProblem& problem = kForwardProblem;
  for_each_row<Conv2dForward>(problem, [&](const auto& row, const auto& on_device) {
    const TensorList list = maps(problem, on_device.types);
    const Packed<Conv2dForward> packed(row, on_device);
    const DeviceBytes src(list.at("src").initial), dst(list.at("dst").bytes()),
        unmasked(list.at("dst").bytes());
    const simt::DeviceArray<float> bias(std::vector<float>(problem.k, 0.125F));
    const simt::DeviceArray<std::uint8_t> mask(static_cast<std::size_t>(problem.dst_size() / 8));
    Conv2dForward::DeviceArguments arguments{.src = src.data(),
                                             .weights = packed.weights(),
                                             .bias = bias.data(),
                                             .dst = unmasked.data()};
    packed.run(arguments);
    arguments.dst = dst.data();
    arguments.mask = mask.data();
    packed.run(arguments);
    const Bytes results = dst.values();
    EXPECT_EQ(results, unmasked.values());
    const std::vector<std::uint8_t> bits = mask.values();
    int positive = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(problem.dst_size()); ++i) {
      const bool is_positive = element_at(list.at("dst").element, results, i) > 0;
      ASSERT_EQ(bit_of(bits, i), is_positive) << i;
      positive += is_positive ? 1 : 0;
    }
    EXPECT_GT(positive, problem.dst_size() / 4);
    EXPECT_LT(positive, problem.dst_size() * 3 / 4);
  });
}

TEST(Conv2dMask, StandsForTheOutputOfTheReluBelow) {
  Conv2dProblem problem = kForwardProblem;
  for (const Conv2dEpilogue epilogue :
       {Conv2dEpilogue::relu_gradient, Conv2dEpilogue::relu_guided}) {
    problem.epilogue = epilogue;
    for_each_row<Conv2dDataGradient>(problem, [&](const auto& row, const auto& on_device) {
      const TensorList list = maps(problem, on_device.types);
      std::vector<std::uint8_t> bits(static_cast<std::size_t>(problem.src_size() / 8));
      for (std::size_t i = 0; i < static_cast<std::size_t>(problem.src_size()); ++i) {
        const bool is_positive = element_at(list.at("src").element, list.at("src").initial, i) > 0;
        bits[i / 8] |= static_cast<std::uint8_t>(is_positive ? 1 << i % 8 : 0);
      }
      const Packed<Conv2dDataGradient> packed(row, on_device);
      const DeviceBytes relu_output(list.at("src").initial), d_dst(list.at("dst").initial),
          by_output(list.at("src").bytes()), by_mask(list.at("src").bytes());
      const simt::DeviceArray<std::uint8_t> mask(bits);
      packed.run({.d_dst = d_dst.data(),
                  .weights = packed.weights(),
                  .relu_output = relu_output.data(),
                  .d_src = by_output.data()});
      packed.run({.d_dst = d_dst.data(),
                  .weights = packed.weights(),
                  .relu_output = nullptr,
                  .mask = mask.data(),
                  .d_src = by_mask.data()});
      EXPECT_EQ(by_mask.values(), by_output.values());
    });
  }
}

}  // namespace
}  // namespace allconv::suite
