// A convolution as oneDNN describes it, in formats of oneDNN's choice.
#pragma once

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/conv2d/problem.hpp"

namespace allconv {

struct ConvolutionShape {
  dnnl::memory::desc src, weights, bias, dst;  // of the form `any`, but the bias
  dnnl::memory::dims stride, before, after;    // vertical, horizontal; paddings
};

// The padding behind gives exactly the problem's output positions.
inline ConvolutionShape shape_of(const kernels::Conv2dProblem& problem) {
  using Tag = dnnl::memory::format_tag;
  constexpr auto kFloat = dnnl::memory::data_type::f32;
  const int bottom = (problem.p() - 1) * problem.stride_h + problem.r - problem.h - problem.pad.top;
  const int right = (problem.q() - 1) * problem.stride_w + problem.s - problem.w - problem.pad.left;
  return {.src = {{problem.n, problem.c, problem.h, problem.w}, kFloat, Tag::any},
          .weights = {{problem.k, problem.c, problem.r, problem.s}, kFloat, Tag::any},
          .bias = {{problem.k}, kFloat, Tag::x},
          .dst = {{problem.n, problem.k, problem.p(), problem.q()}, kFloat, Tag::any},
          .stride = {problem.stride_h, problem.stride_w},
          .before = {problem.pad.top, problem.pad.left},
          .after = {std::max(0, bottom), std::max(0, right)}};
}

}  // namespace allconv
