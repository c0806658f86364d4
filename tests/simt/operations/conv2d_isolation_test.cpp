// What a convolution's result does not depend on cannot change it: an element that is not a number
// reaches the results whose windows hold it, and no other. Kernels multiply more than a window, for
// whole vectors and tiles; products with zeros hide whatever stands there, unless it is a NaN.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string_view>

#include "kernels/core/problem_text.hpp"
#include "tests/simt/operations/conv2d_rows.hpp"

namespace allconv::suite {
namespace {

using kernels::Conv2dDataGradient;
using kernels::Conv2dForward;
using kernels::Conv2dProblem;
using kernels::Conv2dWeightGradient;

// Channels that fill no vector, no step of the depth and no tile; strides; few channels.
constexpr std::string_view kProblems[] = {
    "n3h9w7c24k40r3s3p1",    "n2h9w9c40k24r3s3u2v2p1", "n2h8w9c3k24r3s3p1",
    "n2h7w9c13k7r3s2u2v1p1", "n2h9w8c8k8r1s1u2v2",
};

struct Pixel {
  int n = 0, row = 0, column = 0;
};

// A map of `channels`, of which one pixel is to hold what is not a number.
struct Map {
  int rows = 0, columns = 0, channels = 0;

  std::size_t element(const Pixel& at, int channel) const {
    const int pixel = (at.n * rows + at.row) * columns + at.column;
    return static_cast<std::size_t>(pixel) * static_cast<std::size_t>(channels) +
           static_cast<std::size_t>(channel);
  }
  Pixel pixel(std::size_t element) const {
    const int pixel = static_cast<int>(element) / channels;
    return {.n = pixel / columns / rows, .row = pixel / columns % rows, .column = pixel % columns};
  }
};

// Whether the window of `result`, a pixel of dst, holds `source`, one of src.
bool holds(const Conv2dProblem& problem, const Pixel& result, const Pixel& source) {
  const int r = source.row + problem.pad.top - result.row * problem.stride_h;
  const int s = source.column + problem.pad.left - result.column * problem.stride_w;
  return result.n == source.n && r >= 0 && r < problem.r && s >= 0 && s < problem.s;
}

// Whether some result's window holds `source` at a tap. Of d_weights (k,r,s,c), a filter's taps are
// the pixels of an image.
bool meets(const Conv2dProblem& problem, const Pixel& tap, const Pixel& source) {
  const int row = source.row + problem.pad.top - tap.row;
  const int column = source.column + problem.pad.left - tap.column;
  return row >= 0 && row % problem.stride_h == 0 && row / problem.stride_h < problem.p() &&
         column >= 0 && column % problem.stride_w == 0 && column / problem.stride_w < problem.q();
}

// A kernel's way from one map to another, each of them an input of a TensorList.
struct Way {
  const Tensor& from;
  const Tensor& to;
  Map from_map, to_map;
};

Bytes with_nan(const Way& way, const Pixel& pixel) {
  Bytes bytes = way.from.initial;
  const std::size_t size = bytes.size() / way.from.count;
  const std::size_t first = way.from_map.element(pixel, 0) * size;
  const std::size_t last = first + static_cast<std::size_t>(way.from_map.channels) * size;
  for (std::size_t at = first; at < last; ++at) bytes[at] = std::byte{0xFF};
  return bytes;
}

// run(input) gives the bytes of the results; depends(result, pixel) says whether one of them may
// see the pixel.
template <class Run, class Depends>
void expect_isolated(const Way& way, const Run& run, const Depends& depends) {
  const Bytes clean = run(way.from.initial);
  const Pixel first{.n = 1}, last{1, way.from_map.rows - 1, way.from_map.columns - 1};
  for (const Pixel& pixel : {Pixel{}, first, Pixel{1, way.from_map.rows / 2, 2}, last}) {
    const Bytes results = run(with_nan(way, pixel));
    for (std::size_t i = 0; i < way.to.count; ++i) {
      const double value = element_at(way.to.element, results, i);
      if (depends(way.to_map.pixel(i), pixel)) {
        ASSERT_TRUE(std::isnan(value)) << i;
      } else {
        ASSERT_EQ(value, element_at(way.to.element, clean, i)) << i;
      }
    }
  }
}

// Calls test(problem, tensors, packed) for every row that takes one of the problems.
template <class Operation, class Test>
void for_each_problem(const Test& test) {
  for (const std::string_view text : kProblems) {
    SCOPED_TRACE(text);
    const auto problem = kernels::parse_problem<Conv2dProblem>(text);
    ASSERT_TRUE(problem.has_value());
    for_each_row<Operation>(*problem, [&](const auto& row, const auto& on_device) {
      test(*problem, maps(*problem, on_device.types), Packed<Operation>(row, on_device));
    });
  }
}

Map src_map(const Conv2dProblem& problem) { return {problem.h, problem.w, problem.c}; }
Map dst_map(const Conv2dProblem& problem) { return {problem.p(), problem.q(), problem.k}; }

TEST(Conv2dIsolation, AResultSeesItsWindowAlone) {
  for_each_problem<Conv2dForward>([](const auto& problem, const auto& tensors, const auto& packed) {
    const Way way{tensors.at("src"), tensors.at("dst"), src_map(problem), dst_map(problem)};
    const auto run = [&](const Bytes& input) {
      const DeviceBytes src(input), dst(way.to.bytes());
      packed.run(
          {.src = src.data(), .weights = packed.weights(), .bias = nullptr, .dst = dst.data()});
      return dst.values();
    };
    expect_isolated(way, run, [&](const Pixel& result, const Pixel& source) {
      return holds(problem, result, source);
    });
  });
}

TEST(Conv2dIsolation, AGradientSeesTheResultsThatSeeIt) {
  for_each_problem<Conv2dDataGradient>(
      [](const auto& problem, const auto& tensors, const auto& packed) {
        const Way way{tensors.at("dst"), tensors.at("src"), dst_map(problem), src_map(problem)};
        const auto run = [&](const Bytes& input) {
          const DeviceBytes d_dst(input), d_src(way.to.bytes());
          packed.run({.d_dst = d_dst.data(),
                      .weights = packed.weights(),
                      .relu_output = nullptr,
                      .d_src = d_src.data()});
          return d_src.values();
        };
        expect_isolated(way, run, [&](const Pixel& source, const Pixel& result) {
          return holds(problem, result, source);
        });
      });
}

// Of results beyond the last one least of all: a step is filled up with them.
TEST(Conv2dIsolation, AWeightsGradientSeesThePixelsOfItsTap) {
  for_each_problem<Conv2dWeightGradient>(
      [](const auto& problem, const auto& tensors, const auto& packed) {
        TensorList outputs;
        outputs.output("d_weights", problem.weights_size());
        const Way way{tensors.at("src"), outputs.at("d_weights"), src_map(problem),
                      Map{problem.r, problem.s, problem.c}};
        const DeviceBytes d_dst(tensors.at("dst").initial);
        const auto run = [&](const Bytes& input) {
          const DeviceBytes src(input), d_weights(way.to.bytes());
          const simt::DeviceArray<float> d_bias(static_cast<std::size_t>(problem.k));
          packed.run({.src = src.data(),
                      .d_dst = d_dst.data(),
                      .d_weights = reinterpret_cast<float*>(d_weights.data()),
                      .d_bias = d_bias.data()});
          return d_weights.values();
        };
        expect_isolated(way, run, [&](const Pixel& tap, const Pixel& source) {
          return meets(problem, tap, source);
        });
      });
}

}  // namespace
}  // namespace allconv::suite
