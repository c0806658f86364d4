// What the tests of the tuner share.
#pragma once

#include <string>
#include <vector>

#include "engine/plan/tuning_session.hpp"
#include "tests/simt/network/support.hpp"

namespace allconv {

inline constexpr int kImages = 2;

// Three convolutions that emulate fast.
inline NetworkDescription three_convolutions() {
  NetworkDescription network{.name = "three convolutions", .input = {3, 8, 8}, .layers = {}};
  network.layers = {
      Conv2dLayer{.name = "conv1", .filters = 8, .kernel = {3, 3}, .padding = {1, 1, 1, 1}},
      ReluLayer{},
      Conv2dLayer{.name = "conv2", .filters = 16, .kernel = {3, 3}, .stride = {2, 2}},
      ReluLayer{},
      Conv2dLayer{.name = "conv3", .filters = kClasses},
      GlobalAveragePoolLayer{},
      SoftmaxLayer{}};
  return network;
}

struct Tuning {
  explicit Tuning(double budget = 0.5)
      : session(
            TuningFile("a GPU"),
            {.budget_seconds = budget,
             .diagnostics = [this](Severity, std::string_view text) { said.emplace_back(text); },
             .progress = [this](std::size_t, std::size_t) { ++timings; }}) {}

  PlanOptions options(kernels::Precision precision = kernels::Precision::fp16) {
    PlanOptions options = on_gpu(precision);
    options.session = &session;
    return options;
  }

  std::vector<std::string> said;
  int timings = 0;
  TuningSession session;
};

}  // namespace allconv
