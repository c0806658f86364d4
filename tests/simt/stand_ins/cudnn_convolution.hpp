// What the stand-in's operation graphs come to: one convolution in one of its passes.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "kernels/core/precision.hpp"

namespace allconv::stand_in {

enum class Pass { forward, data_gradient, weight_gradient };

struct Convolution {
  Pass pass = Pass::forward;
  kernels::Precision type = kernels::Precision::fp32;
  std::array<std::int64_t, 4> x{}, w{}, y{};  // (n,c,h,w), (k,c,r,s), (n,k,p,q)
  std::array<std::int64_t, 2> before{}, after{}, stride{};
  std::int64_t x_id = 0, w_id = 0, y_id = 0, bias_id = -1;
  bool rectified = false;
  std::int64_t workspace = 0;
};

NLOHMANN_JSON_SERIALIZE_ENUM(Pass, {{Pass::forward, "forward"},
                                    {Pass::data_gradient, "data_gradient"},
                                    {Pass::weight_gradient, "weight_gradient"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Convolution, pass, type, x, w, y, before, after, stride, x_id,
                                   w_id, y_id, bias_id, rectified, workspace)

// Where the tensors lie.
struct ConvolutionMemory {
  void* x = nullptr;  // (n,h,w,c)
  void* w = nullptr;  // (k,r,s,c)
  void* y = nullptr;  // (n,p,q,k)
  const void* bias = nullptr;
};

void compute(const Convolution& convolution, const ConvolutionMemory& memory);

}  // namespace allconv::stand_in
