// Stochastic gradient descent with momentum and weight decay, and the sum of gradient lanes:
//     g = gradient + decay * w;  v = momentum * v + g;  w = w - rate * v
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/core/kernel.hpp"

namespace allconv::kernels {

struct SgdProblem {
  std::int64_t count = 1;  // elements

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("count", self.count);
  }

  constexpr int parts() const { return element_parts(count); }
  constexpr double flops() const { return 6.0 * static_cast<double>(count); }
  constexpr double bytes() const { return 20.0 * static_cast<double>(count); }
};

// The factors of one step, as device memory holds them: a step needs no other launch.
struct SgdStep {
  float rate = 0;
  float momentum = 0;
  float weight_decay = 0;
  float gradient_scale = 1;  // of the gradient, before all else: 1 / the loss's scale
};

struct Sgd {
  static constexpr std::string_view kName = "sgd";
  using Problem = SgdProblem;
  struct Arguments {
    float* weights;         // (count), updated
    float* velocity;        // (count), updated
    const float* gradient;  // (count)
    float rate = 0;
    float momentum = 0;
    float weight_decay = 0;  // 0 for biases
  };
  // All of a network's parameters at once: weights, which decay, stand before biases.
  struct DeviceArguments {
    float* weights;                 // (count), updated
    float* velocity;                // (count), updated
    const float* gradient;          // (count)
    std::int64_t decayed;           // the first so many elements decay
    const SgdStep* step;            // device memory
    const std::uint32_t* overflow;  // device memory; not 0: nothing changes. Null: always 0
  };
};

struct GradientSumProblem {
  std::int64_t count = 1;  // elements a lane
  int lanes = 1;           // 1..8

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("count", self.count), visit("lanes", self.lanes);
  }

  constexpr int parts() const { return element_parts(count); }
  constexpr double flops() const { return static_cast<double>(count) * (lanes - 1); }
  constexpr double bytes() const { return 4.0 * static_cast<double>(count) * (lanes + 1); }
};

// Adds the lanes pairwise in a fixed tree: distance 1, then 2, then 4, so that with all 8 lanes
//     sum = ((g0 + g1) + (g2 + g3)) + ((g4 + g5) + (g6 + g7)); a missing lane is left out.
// CPUs alone have lanes: a GPU computes a batch as a whole, into one gradient.
struct GradientSum {
  static constexpr std::string_view kName = "gradient_sum";
  using Problem = GradientSumProblem;
  static constexpr int kMaxLanes = 8;
  struct Arguments {
    const float* lanes[kMaxLanes];  // (count) each
    float* dst;                     // (count), may be lane 0
  };
};

KernelTable<Sgd> kernel_table(Sgd);
KernelTable<GradientSum> kernel_table(GradientSum);

}  // namespace allconv::kernels
