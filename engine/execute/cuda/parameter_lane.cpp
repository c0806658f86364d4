#include "engine/execute/cuda/parameter_lane.hpp"

#include <algorithm>

#include "engine/execute/cuda/weight_order.hpp"

namespace allconv {

ParameterLane::ParameterLane(const CudaPlan& plan, kernels::MemorySource* source)
    : plan_(plan), memory_(static_cast<std::size_t>(plan.lane_size) * sizeof(float), source) {
  cuda::check(cudaMemset(memory_.data(), 0, memory_.size()), "clearing parameters");
  cuda::check(cudaDeviceSynchronize(), "clearing parameters");
}

void ParameterLane::write(const Parameters& parameters, cudaStream_t stream) {
  std::vector<float> lane(static_cast<std::size_t>(plan_.lane_size));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (plan_.lane[i].weights < 0) continue;
    float* const weights = lane.data() + plan_.lane[i].weights;
    for_each_weight(parameters[i].extent, [&](std::size_t file, std::size_t device) {
      weights[device] = parameters[i].weights[file];
    });
    std::copy(parameters[i].bias.begin(), parameters[i].bias.end(),
              lane.data() + plan_.lane[i].bias);
  }
  cuda::check(cudaMemcpyAsync(data(), lane.data(), memory_.size(), cudaMemcpyHostToDevice, stream),
              "copying parameters to the GPU");
  cuda::check(cudaStreamSynchronize(stream), "copying parameters to the GPU");
}

void ParameterLane::read(Parameters& parameters, cudaStream_t stream) const {
  std::vector<float> lane(static_cast<std::size_t>(plan_.lane_size));
  cuda::check(cudaMemcpyAsync(lane.data(), data(), memory_.size(), cudaMemcpyDeviceToHost, stream),
              "copying parameters from the GPU");
  cuda::check(cudaStreamSynchronize(stream), "copying parameters from the GPU");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (plan_.lane[i].weights < 0) continue;
    const float* const weights = lane.data() + plan_.lane[i].weights;
    for_each_weight(parameters[i].extent, [&](std::size_t file, std::size_t device) {
      parameters[i].weights[file] = weights[device];
    });
    std::copy_n(lane.data() + plan_.lane[i].bias, parameters[i].bias.size(),
                parameters[i].bias.begin());
  }
}

}  // namespace allconv
