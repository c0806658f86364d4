// The references in double against oracle/oracle.json, which NumPy computed from the definitions.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "kernels/conv2d/reference.hpp"
#include "kernels/core/problem_text.hpp"
#include "kernels/image_warp/reference.hpp"
#include "kernels/max_pool/reference.hpp"
#include "kernels/softmax_cross_entropy/reference.hpp"

namespace allconv::suite {

namespace {

using nlohmann::json;

json read_oracle(const char* operation) {
  std::ifstream file(ALLCONV_TEST_DATA "/oracle/oracle.json");
  return json::parse(file).at(operation);
}

template <class Value = double>
std::vector<Value> values(const json& entry, const char* name) {
  return entry.at(name).get<std::vector<Value>>();
}

void expect_near(const std::vector<double>& computed, const json& entry, const char* name) {
  const std::vector<double> expected = values(entry, name);
  ASSERT_EQ(computed.size(), expected.size()) << name;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(computed[i], expected[i], 1e-12 * (1 + std::abs(expected[i])))
        << name << "[" << i << "]";
  }
}

// The fields that convolution and pooling have in common.
template <class Problem>
Problem window_problem(const json& entry) {
  const auto shape = values<int>(entry, "shape");
  const auto padding = values<int>(entry, "padding");
  Problem problem;
  problem.n = shape.at(0), problem.h = shape.at(1), problem.w = shape.at(2),
  problem.c = shape.at(3);
  problem.r = entry.at("kernel").at(0), problem.s = entry.at("kernel").at(1);
  problem.stride_h = entry.at("stride").at(0), problem.stride_w = entry.at("stride").at(1);
  problem.pad = {padding.at(0), padding.at(1), padding.at(2), padding.at(3)};
  return problem;
}

std::vector<double> room_for(std::int64_t count) {
  return std::vector<double>(static_cast<std::size_t>(count));
}

TEST(Oracle, Conv2d) {
  for (const json& entry : read_oracle("conv2d")) {
    auto problem = window_problem<kernels::Conv2dProblem>(entry);
    problem.k = entry.at("filters");
    SCOPED_TRACE(kernels::to_text(problem));
    const auto src = values(entry, "src"), weights = values(entry, "weights");
    const auto bias = values(entry, "bias"), d_dst = values(entry, "d_dst");
    auto dst = room_for(problem.dst_size()), d_src = room_for(problem.src_size());
    auto d_weights = room_for(problem.weights_size()), d_bias = room_for(problem.k);
    kernels::conv2d_forward_reference(problem, src.data(), weights.data(), bias.data(), dst.data());
    kernels::conv2d_data_gradient_reference<double>(problem, d_dst.data(), weights.data(), nullptr,
                                                    d_src.data());
    kernels::conv2d_weight_gradient_reference(problem, src.data(), d_dst.data(), d_weights.data(),
                                              d_bias.data());
    expect_near(dst, entry, "dst");
    expect_near(d_src, entry, "d_src");
    expect_near(d_weights, entry, "d_weights");
    expect_near(d_bias, entry, "d_bias");
  }
}

TEST(Oracle, MaxPool) {
  for (const json& entry : read_oracle("max_pool")) {
    const auto problem = window_problem<kernels::MaxPoolProblem>(entry);
    SCOPED_TRACE(kernels::to_text(problem));
    const auto src = values(entry, "src"), d_dst = values(entry, "d_dst");
    auto dst = room_for(problem.dst_size()), d_src = room_for(problem.src_size());
    std::vector<std::uint8_t> switches(dst.size());
    kernels::max_pool_forward_reference(problem, src.data(), dst.data(), switches.data());
    kernels::max_pool_backward_reference(problem, switches.data(), d_dst.data(), d_src.data());
    expect_near(dst, entry, "dst");
    expect_near(std::vector<double>(switches.begin(), switches.end()), entry, "switches");
    expect_near(d_src, entry, "d_src");
  }
}

TEST(Oracle, SoftmaxCrossEntropy) {
  for (const json& entry : read_oracle("softmax")) {
    const kernels::SoftmaxCrossEntropyProblem problem{.n = entry.at("n"), .c = entry.at("c")};
    SCOPED_TRACE(kernels::to_text(problem));
    const auto src = values(entry, "src");
    const auto labels = values<std::int32_t>(entry, "labels");
    auto dst = room_for(problem.size()), d_src = dst, loss = room_for(problem.n);
    kernels::softmax_cross_entropy_forward_reference(problem, src.data(), labels.data(), dst.data(),
                                                     loss.data());
    kernels::softmax_cross_entropy_backward_reference(problem, dst.data(), labels.data(), 1.0,
                                                      d_src.data());
    expect_near(dst, entry, "dst");
    expect_near(loss, entry, "loss");
    expect_near(d_src, entry, "d_src");
  }
}

TEST(Oracle, ImageWarp) {
  for (const json& entry : read_oracle("image_warp")) {
    const kernels::ImageWarpProblem problem{.n = 1, .h = entry.at("h"), .w = entry.at("w")};
    SCOPED_TRACE(kernels::to_text(problem));
    const auto image = values<std::uint8_t>(entry, "image");
    const auto map = values<float>(entry, "map");
    const auto into = [&](const char* name, float(&array)[3]) {
      const auto numbers = values<float>(entry, name);
      std::copy_n(numbers.begin(), 3, array);
    };
    kernels::ImageWarp warp;
    std::copy_n(map.begin(), 3, warp.x);
    std::copy_n(map.begin() + 3, 3, warp.y);
    into("gain", warp.gain), into("offset", warp.offset);
    kernels::PixelScaling scaling{.scale = entry.at("scale")};
    into("mean", scaling.mean), into("std", scaling.std);
    const std::uint8_t* const images[] = {image.data()};
    auto dst = room_for(problem.size());
    kernels::image_warp_reference(problem, images, &warp, scaling, dst.data());
    expect_near(dst, entry, "dst");
  }
}

}  // namespace

}  // namespace allconv::suite
