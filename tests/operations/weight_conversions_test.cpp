// Conversions between packed forms of weights give what packing the weights themselves gives.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernels/core/problem_text.hpp"
#include "tests/operations/conv2d_problems.hpp"

namespace allconv::suite {

namespace {

using kernels::Conv2dDataGradient;
using kernels::Conv2dForward;
using kernels::Conv2dWeightGradient;
using kernels::PreparedKernel;

template <class Operation>
struct Named {
  std::string name;
  std::unique_ptr<const PreparedKernel<Operation>> kernel;
};

template <class Operation>
std::vector<Named<Operation>> runnable_kernels(const Conv2dProblem& problem) {
  std::vector<Named<Operation>> result;
  for (const auto& row : kernel_table(Operation{})) {
    const bool runs = kernels::runs_under(row.isa, kernels::best_isa()).accepted();
    if (runs && row.accepts(problem).accepted()) {
      result.push_back({std::string(row.name), row.prepare(problem)});
    }
  }
  return result;
}

// Zeroed before: padding that nobody writes compares equal.
template <class Operation>
std::vector<float> packed(const PreparedKernel<Operation>& kernel,
                          const std::vector<float>& weights) {
  std::vector<float> result(kernel.packed_weights_bytes() / sizeof(float));
  kernel.pack_weights(weights.data(), reinterpret_cast<std::byte*>(result.data()));
  return result;
}

// Small integers that differ from their neighbours on every axis.
std::vector<float> numbered_weights(const Conv2dProblem& problem) {
  constexpr std::int64_t kPrime = 251;
  std::vector<float> weights(static_cast<std::size_t>(problem.weights_size()));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(static_cast<std::int64_t>(i) % kPrime);
  }
  return weights;
}

// Converts from every form that a weight gradient or the forward pass may have. Returns how many
// conversions there were.
template <class From, class To>
int check_conversions(const Conv2dProblem& problem) {
  const std::vector<float> weights = numbered_weights(problem);
  int conversions = 0;
  for (const auto& from : runnable_kernels<From>(problem)) {
    const kernels::WeightsForm* form = from.kernel->weights_form();
    if (form == nullptr) continue;
    for (const auto& to : runnable_kernels<To>(problem)) {
      const auto conversion = to.kernel->conversion_from(*form);
      if (conversion == nullptr) continue;
      const std::vector<float> source = packed(*from.kernel, weights);
      const std::vector<float> expected = packed(*to.kernel, weights);
      std::vector<float> result(expected.size());
      conversion->run(reinterpret_cast<const std::byte*>(source.data()),
                      reinterpret_cast<std::byte*>(result.data()));
      EXPECT_EQ(result, expected) << from.name << " to " << to.name << " of "
                                  << kernels::to_text(problem);
      ++conversions;
    }
  }
  return conversions;
}

}  // namespace

TEST(WeightConversions, GiveWhatPackingGives) {
  int conversions = 0;
  for (const Conv2dProblem& problem : quick_conv2d_problems()) {
    conversions += check_conversions<Conv2dForward, Conv2dForward>(problem);
    conversions += check_conversions<Conv2dForward, Conv2dDataGradient>(problem);
    conversions += check_conversions<Conv2dWeightGradient, Conv2dForward>(problem);
    conversions += check_conversions<Conv2dWeightGradient, Conv2dDataGradient>(problem);
  }
  EXPECT_GT(conversions, 0);
}

}  // namespace allconv::suite
