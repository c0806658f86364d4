// Plans for GPUs that are not there, by the real cuDNN: every convolution of every network, in
// inference and training. Left out where cuDNN is not installed, or does not load without a driver.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>

#include "engine/graph/networks.hpp"
#include "engine/plan/cuda/cuda_plan.hpp"
#include "engine/plan/cuda/gpu_description.hpp"
#include "kernels/conv2d/convolution_graph.hpp"
#include "kernels/conv2d/libraries.hpp"
#include "kernels/core/problem_text.hpp"
#include "kernels/libraries/gpu_libraries.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv {
namespace {

using kernels::Precision;

template <class Operation>
concept HasLibraryKernels = requires {
  library_kernel_table(Operation{});
};

class Deviceless : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (libraries_.cudnn == nullptr) GTEST_SKIP() << libraries_.notes.front();
    // Newer versions have parts that do not load where there is no driver.
    try {
      static_cast<void>(kernels::cudnn_forward(*libraries_.cudnn, {}, Precision::fp32));
    } catch (const kernels::LibraryError& error) {
      GTEST_SKIP() << error.what();
    }
  }

  // Asks for one way to compute the step and makes its kernel; nothing for other operations.
  template <class Operation>
  void plan(const typename Operation::Problem& problem, const kernels::DeviceTypes& types) {
    if constexpr (HasLibraryKernels<Operation>) {
      const std::string text = std::string(Operation::kName) + " " + kernels::to_text(problem) +
                               " " + std::string(to_string(types.map));
      if (!seen_.insert(text).second) return;
      SCOPED_TRACE(text);
      const kernels::WayRequest request{.libraries = &libraries_, .device = device_, .most = 1};
      const auto& row = *library_kernel_table(Operation{}).front();
      const kernels::DeviceProblem<Operation> on_device{problem, types};
      const auto ways = row.ways(on_device, request);
      ASSERT_EQ(ways.size(), 1U);
      EXPECT_GE(row.prepare(on_device, request, ways.front())->workspace_bytes(),
                ways.front().workspace_bytes);
    }
  }

  void plan_all(const Graph& graph, Precision precision) {
    constexpr int kImages = 32;
    const auto cuda_plan =
        make_cuda_plan(graph, kImages, DeviceInput::prepared,
                       {.gpu = GpuTarget{.capability = GetParam(), .precision = precision}});
    for (const Step& step : cuda_plan->plan.steps) {
      std::visit(
          [&]<class Operation>(const Bound<Operation>& bound) {
            plan<Operation>(bound.problem, cuda_plan->types);
          },
          step.problem);
    }
  }

  kernels::GpuLibraries libraries_ = kernels::load_gpu_libraries();
  std::string device_ = cudnn_device_json(gpu_description(GetParam()));
  std::set<std::string> seen_;
};

TEST_P(Deviceless, CudnnPlansEveryConvolution) {
  for (const NamedNetwork& network : named_networks()) {
    SCOPED_TRACE(network.name);
    const NetworkDescription description = make_network(network.name, {}, network.default_classes);
    for (const PassMode mode : {PassMode::inference, PassMode::training}) {
      const Graph graph = make_graph(description, mode);
      for (const Precision precision : kernels::kPrecisions) plan_all(graph, precision);
    }
  }
  EXPECT_GT(seen_.size(), 500U);
}

INSTANTIATE_TEST_SUITE_P(Architectures, Deviceless, testing::Values(80, 89, 90, 100),
                         [](const auto& info) { return "sm_" + std::to_string(info.param); });

}  // namespace
}  // namespace allconv
