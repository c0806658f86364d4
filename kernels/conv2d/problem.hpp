// Convolution (cross-correlation) with bias, its data gradient and its weight gradient.
//
//     dst[n,p,q,k] = bias[k] + sum over r,s,c of src[n, p*u + r - top, q*v + s - left, c] *
//     weights[k,c,r,s]
//
// Activations are dense NHWC; weights outside a kernel are (k,c,r,s), inside in its own packed
// form.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernels/core/geometry.hpp"
#include "kernels/core/kernel.hpp"
#include "kernels/image_prepare/problem.hpp"
#include "kernels/relu/problem.hpp"

namespace allconv::kernels {

// What is fused behind the convolution (forward), or applied to the data gradient (backward: the
// ReLU of the layer below, whose output is this convolution's src).
enum class Conv2dEpilogue {
  none,
  relu,           // forward: dst = x > 0 ? x : slope * x
  relu_gradient,  // data gradient: relu_backward_value with the rule of the same name
  relu_deconvnet,
  relu_guided,
};

// The ReLU rule of a data gradient's epilogue; nullopt for none (and for the forward epilogue).
constexpr std::optional<ReluRule> relu_rule(Conv2dEpilogue epilogue) {
  switch (epilogue) {
    case Conv2dEpilogue::relu_gradient: return ReluRule::gradient;
    case Conv2dEpilogue::relu_deconvnet: return ReluRule::deconvnet;
    case Conv2dEpilogue::relu_guided: return ReluRule::guided;
    default: return std::nullopt;
  }
}

constexpr Conv2dEpilogue epilogue_of(ReluRule rule) {
  switch (rule) {
    case ReluRule::gradient: return Conv2dEpilogue::relu_gradient;
    case ReluRule::deconvnet: return Conv2dEpilogue::relu_deconvnet;
    case ReluRule::guided: return Conv2dEpilogue::relu_guided;
  }
  return Conv2dEpilogue::none;
}

struct Conv2dProblem {
  int n = 1, h = 1, w = 1, c = 1;  // images, rows, columns, input channels
  int k = 1, r = 1, s = 1;         // output channels, window rows, window columns
  int stride_h = 1, stride_w = 1;
  Padding pad;
  Conv2dEpilogue epilogue = Conv2dEpilogue::none;
  float slope = 0;  // leak of the epilogue's ReLU

  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("n", self.n), visit("h", self.h), visit("w", self.w), visit("c", self.c);
    visit("k", self.k), visit("r", self.r), visit("s", self.s);
    visit("u", self.stride_h), visit("v", self.stride_w), visit("p", self.pad);
    visit("e", self.epilogue), visit("slope", self.slope);
  }

  constexpr int p() const { return window_positions(h, r, stride_h, pad.top, pad.bottom); }
  constexpr int q() const { return window_positions(w, s, stride_w, pad.left, pad.right); }
  constexpr std::int64_t src_size() const { return std::int64_t{n} * h * w * c; }
  constexpr std::int64_t dst_size() const { return std::int64_t{n} * p() * q() * k; }
  constexpr std::int64_t weights_size() const { return std::int64_t{k} * c * r * s; }
  // Two operations a multiply-add, padding counted as if it were multiplied.
  constexpr double flops() const { return 2.0 * static_cast<double>(dst_size()) * c * r * s; }
  // Each tensor read or written once.
  constexpr double bytes() const {
    return 4.0 * static_cast<double>(src_size() + dst_size() + weights_size() + k);
  }
};

// An epilogue in factors: value v becomes
//     v * (v > 0 ? 1 : signal) * (relu_output > 0 ? 1 : output)
struct ReluSlopes {
  float signal = 1;
  float output = 1;  // 1: relu_output is not looked at
};

constexpr ReluSlopes relu_slopes(const Conv2dProblem& problem) {
  switch (problem.epilogue) {
    case Conv2dEpilogue::none: return {};
    case Conv2dEpilogue::relu:
    case Conv2dEpilogue::relu_deconvnet: return {.signal = problem.slope, .output = 1};
    case Conv2dEpilogue::relu_gradient: return {.signal = 1, .output = problem.slope};
    case Conv2dEpilogue::relu_guided: return {.signal = problem.slope, .output = problem.slope};
  }
  return {};
}

struct Conv2dForward {
  static constexpr std::string_view kName = "conv2d_forward";
  using Problem = Conv2dProblem;
  struct Arguments {
    const float* src;          // (n,h,w,c)
    const std::byte* weights;  // packed by the same prepared kernel
    const float* bias;         // (k)
    float* dst;                // (n,p,q,k)
  };
  // Elements of DeviceTypes::map.
  struct DeviceArguments {
    const void* src;               // (n,h,w,c)
    const std::byte* weights;      // packed by the same prepared kernel
    const float* bias;             // (k)
    void* dst;                     // (n,p,q,k)
    std::uint8_t* mask = nullptr;  // (n,p,q,k / 8): bit i of byte j is element 8 j + i > 0; null:
                                   // not wanted; k is a multiple of 8
  };
};

struct PixelInput {
  const std::uint8_t* images = nullptr;  // (n,h,w,3)
  PixelScaling scaling;
};

// The first layer of a network from the pixels themselves, c = 3: image_prepare without moves, then
// conv2d_forward, without a tensor between them. Only GPUs fuse the two: a launch and the traffic
// of that tensor cost them more than looking levels up.
struct Conv2dPixelsForward {
  static constexpr std::string_view kName = "conv2d_pixels_forward";
  using Problem = Conv2dProblem;
  struct Arguments {
    PixelInput src;
    const std::byte* weights;  // packed by the same prepared kernel
    const float* bias;         // (k)
    float* dst;                // (n,p,q,k)
  };
  struct DeviceArguments {
    PixelInput src;
    const std::byte* weights;      // packed by the same prepared kernel
    const float* bias;             // (k)
    void* dst;                     // (n,p,q,k), elements of DeviceTypes::map
    std::uint8_t* mask = nullptr;  // as of Conv2dForward
  };
};

struct Conv2dDataGradient {
  static constexpr std::string_view kName = "conv2d_data_gradient";
  using Problem = Conv2dProblem;
  struct Arguments {
    const float* d_dst;        // (n,p,q,k)
    const std::byte* weights;  // packed by the same prepared kernel
    const float* relu_output;  // (n,h,w,c), src of the convolution; null without a ReLU epilogue
    float* d_src;              // (n,h,w,c), overwritten
  };
  // Elements of DeviceTypes::map. The sign of the ReLU's output comes from one of two tensors.
  struct DeviceArguments {
    const void* d_dst;                   // (n,p,q,k)
    const std::byte* weights;            // packed by the same prepared kernel
    const void* relu_output;             // (n,h,w,c); null: by the mask, or no rule looks at it
    const std::uint8_t* mask = nullptr;  // (n,h,w,c / 8): bit i of byte j is element 8 j + i > 0
    void* d_src;                         // (n,h,w,c), overwritten
  };
};

struct Conv2dWeightGradient {
  static constexpr std::string_view kName = "conv2d_weight_gradient";
  using Problem = Conv2dProblem;
  struct Arguments {
    const float* src;         // (n,h,w,c)
    const float* d_dst;       // (n,p,q,k)
    std::byte* d_weights;     // in the kernel's own form: see unpack_weights
    float* d_bias;            // (k)
    bool accumulate = false;  // add to d_weights and d_bias instead of overwriting them
  };
  struct DeviceArguments {
    const void* src;    // (n,h,w,c), elements of DeviceTypes::map
    const void* d_dst;  // (n,p,q,k)
    float* d_weights;   // (k,r,s,c), overwritten
    float* d_bias;      // (k), overwritten
  };
};

KernelTable<Conv2dForward> kernel_table(Conv2dForward);
KernelTable<Conv2dPixelsForward> kernel_table(Conv2dPixelsForward);
KernelTable<Conv2dDataGradient> kernel_table(Conv2dDataGradient);
KernelTable<Conv2dWeightGradient> kernel_table(Conv2dWeightGradient);

}  // namespace allconv::kernels
