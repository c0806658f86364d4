// LaneForm: the layout of one gradient lane: each layer's weight gradient in its kernel's own form,
// its bias gradient behind it. Trained weights and velocities are kept in the same layout, so that
// a step of the optimiser is element-wise and no gradient is ever converted.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/graph/parameters.hpp"
#include "engine/plan/plan.hpp"
#include "kernels/conv2d/problem.hpp"

namespace allconv {

// Immutable; the plan must outlive it. Counts and offsets are in floats, offsets from the lane's
// beginning and multiples of 16. What lies between the ranges is padding and stays zero.
class LaneForm {
 public:
  struct Layer {
    int ordinal = 0;  // index of its parameters
    std::size_t weights = 0, weights_count = 0;
    std::size_t bias = 0, bias_count = 0;
    std::unique_ptr<const kernels::PreparedKernel<kernels::Conv2dWeightGradient>> kernel;
  };

  // Of a training plan; of any other it has no layers.
  explicit LaneForm(const Plan& plan);

  std::size_t size() const { return size_; }
  const std::vector<Layer>& layers() const { return layers_; }

  // Parameters to and from `lane`, which has size() floats.
  void pack(const Parameters& parameters, std::span<float> lane) const;
  void unpack(std::span<const float> lane, Parameters& parameters) const;
  void unpack_layer(const Layer& layer, std::span<const float> lane, float* weights) const;

 private:
  std::size_t size_;
  std::vector<Layer> layers_;  // in the order of the plan's steps
};

}  // namespace allconv
