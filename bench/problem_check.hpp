// Problems from the command line: read and checked before anything is allocated.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "engine/support/error.hpp"
#include "kernels/conv2d/problem.hpp"
#include "kernels/core/problem_text.hpp"
#include "kernels/max_pool/problem.hpp"
#include "kernels/relu/problem.hpp"
#include "kernels/sgd/problem.hpp"
#include "kernels/top_k/problem.hpp"

namespace allconv {

// Throws Error{usage} that names the problem's text and the mend.
[[noreturn]] inline void refuse_problem(std::string_view text, const std::string& why) {
  throw Error(ErrorKind::usage, why, "--problem " + std::string(text),
              "write it as in n128h32w32c96k96r3s3u2p1");
}

namespace problem_check {

inline constexpr double kMaxExtent = 1 << 16;
inline constexpr double kMaxWindow = 1024;  // rows and columns of a window, and of padding
inline constexpr double kMaxProduct =
    1e12;  // of all sizes but the window's: keeps int64 from wrapping
inline constexpr double kMaxBytes = 8e9;

// Empty where the field's value can be meant.
template <class Value>
std::string fault(std::string_view key, const Value& value) {
  if constexpr (std::is_same_v<Value, kernels::Padding>) {
    for (const int side : {value.top, value.left, value.bottom, value.right}) {
      if (side < 0 || side > kMaxWindow) return "the padding is not from 0 to 1024";
    }
  } else if constexpr (std::is_enum_v<Value>) {
    int last = static_cast<int>(kernels::ReluRule::guided);
    if constexpr (std::is_same_v<Value, kernels::Conv2dEpilogue>) {
      last = static_cast<int>(kernels::Conv2dEpilogue::relu_guided);
    }
    const int number = static_cast<int>(value);
    if (number < 0 || number > last) return "\"" + std::string(key) + "\" is no known choice";
  } else if constexpr (std::is_floating_point_v<Value>) {
    // A slope of 1 is a ReLU that changes nothing.
    const bool fits = value >= 0 && (key == "slope" ? value <= 1 : value < 1);
    if (!fits) return "\"" + std::string(key) + "\" is not from 0 to below 1";
  } else {
    const bool window = key == "r" || key == "s";
    const double most = key == "count" ? kMaxBytes : window ? kMaxWindow : kMaxExtent;
    if (value < 1 || static_cast<double>(value) > most) {
      return "\"" + std::string(key) + "\" is out of range";
    }
  }
  return {};
}

}  // namespace problem_check

// One stride in the text is both directions'.
template <class Problem>
Problem read_problem(std::string_view text) {
  auto problem = kernels::parse_problem<Problem>(text);
  if (!problem) refuse_problem(text, "is not a problem of this operation");
  if constexpr (requires { problem->stride_w; }) {
    if (text.find('v') == std::string_view::npos) problem->stride_w = problem->stride_h;
  }
  std::string fault;
  double product = 1;
  Problem::fields(*problem, [&](std::string_view key, const auto& value) {
    if (fault.empty()) fault = problem_check::fault(key, value);
    const bool size = std::string_view("nhwck").find(key) != std::string_view::npos;
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(value)>>) {
      if (size) product *= static_cast<double>(value);
    }
  });
  if (fault.empty() && product > problem_check::kMaxProduct) fault = "is too large";
  if constexpr (requires { problem->pad; }) {
    const auto meets = [](const auto& shape) {
      return shape.h + shape.pad.top + shape.pad.bottom >= shape.r &&
             shape.w + shape.pad.left + shape.pad.right >= shape.s;
    };
    if (fault.empty() && !meets(*problem)) fault = "has a window larger than the padded map";
  }
  if constexpr (std::is_same_v<Problem, kernels::MaxPoolProblem>) {
    if (fault.empty() && problem->r * problem->s > 255) fault = "has a window of more than 255";
  }
  if constexpr (std::is_same_v<Problem, kernels::TopKProblem>) {
    if (fault.empty() && problem->k > problem->c) fault = "wants more values than a row has";
  }
  if constexpr (std::is_same_v<Problem, kernels::GradientSumProblem>) {
    if (fault.empty() && problem->lanes > kernels::GradientSum::kMaxLanes)
      fault = "has over 8 lanes";
  }
  if (fault.empty() && problem->bytes() > problem_check::kMaxBytes) fault = "moves over 8 GB";
  if (!fault.empty()) refuse_problem(text, fault);
  return *problem;
}

}  // namespace allconv
