// The geometry of GatherGemm, replayed on the host against the definition of the convolution.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>

#include "kernels/conv2d/gather_gemm.hpp"
#include "kernels/core/problem_text.hpp"

namespace allconv::kernels {
namespace {

// One product of the convolution along both axes: source pixel, window tap, result pixel.
using Product = std::tuple<int, int, int, int, int, int>;  // h, w, r, s, p, q
using Products = std::map<Product, int>;                   // how often

Products products_of_definition(const Conv2dProblem& problem) {
  Products products;
  for (int p = 0; p < problem.p(); ++p)
    for (int q = 0; q < problem.q(); ++q)
      for (int r = 0; r < problem.r; ++r)
        for (int s = 0; s < problem.s; ++s) {
          const int h = p * problem.stride_h + r - problem.pad.top;
          const int w = q * problem.stride_w + s - problem.pad.left;
          const bool inside = h >= 0 && h < problem.h && w >= 0 && w < problem.w;
          if (inside) ++products[{h, w, r, s, p, q}];
        }
  return products;
}

// Calls use(source row, source column, tap, dst row, dst column) for each product inside the map.
template <class Use>
void for_each_product(const GatherGemm& gemm, const Use& use) {
  const auto inside = [](const GatherAxis& axis, int source) {
    return source >= 0 && source < axis.sources;
  };
  for (int i = 0; i < gemm.rows.results; ++i)
    for (int j = 0; j < gemm.columns.results; ++j)
      for (int tap = 0; tap < gemm.taps(); ++tap) {
        const int row = i * gemm.rows.step + gemm.rows.first + tap / gemm.columns.taps;
        const int column = j * gemm.columns.step + gemm.columns.first + tap % gemm.columns.taps;
        if (!inside(gemm.rows, row) || !inside(gemm.columns, column)) continue;
        use(row, column, tap, gemm.rows.dst_first + i * gemm.rows.dst_step,
            gemm.columns.dst_first + j * gemm.columns.dst_step);
      }
}

const char* const kProblems[] = {
    "h8w8c3k96r3s3p1",
    "h8w9c3k8r3s3u2v2p1",
    "h9w7c3k8r3s3u2v2pb1pr1",
    "h11w13c3k8r5s5u4v4p2",
    "h12w11r3s3u1v2p1",
    "h13w12r3s3u3v1p1",
    "h17w18r2s2u4v3",
    "h10w10r1s1u3v2",
    "h4w4r2s2p3",
    "h8w10r3s3u2v2pt1pl2pb0pr1",
    "h5w6r1s1p1",
    "h3w3r5s5p2",
    "h7w9r3s3pt2pl0pb1pr3",
    "h4w4r3s3u2v2p12",
};

class Gather : public testing::TestWithParam<const char*> {
 protected:
  Conv2dProblem problem() const { return parse_problem<Conv2dProblem>(GetParam()).value(); }
};

TEST_P(Gather, ForwardMakesTheProductsOfTheDefinition) {
  Products products;
  for_each_product(forward_gather(problem()), [&](int h, int w, int tap, int p, int q) {
    ++products[{h, w, tap / problem().s, tap % problem().s, p, q}];
  });
  EXPECT_EQ(products, products_of_definition(problem()));
}

TEST_P(Gather, ThePhasesOfTheDataGradientMakeTheSameProducts) {
  Products products;
  for (int phase = 0; phase < data_gradient_phases(problem()); ++phase) {
    const GatherGemm gemm = data_gradient_gather(problem(), phase);
    EXPECT_LE(gemm.taps(), data_gradient_weights(problem(), 1).taps);
    for_each_product(gemm, [&](int p, int q, int tap, int h, int w) {
      const int window = data_gradient_window_tap(problem(), phase, tap);
      ++products[{h, w, window / problem().s, window % problem().s, p, q}];
    });
  }
  EXPECT_EQ(products, products_of_definition(problem()));
}

// Pixels that no window touches are results too: they become zero.
TEST_P(Gather, ThePhasesWriteEveryPixelOnce) {
  std::map<std::pair<int, int>, int> writes;
  for (int phase = 0; phase < data_gradient_phases(problem()); ++phase) {
    const GatherGemm gemm = data_gradient_gather(problem(), phase);
    for (int i = 0; i < gemm.rows.results; ++i)
      for (int j = 0; j < gemm.columns.results; ++j)
        ++writes[{gemm.rows.dst_first + i * gemm.rows.dst_step,
                  gemm.columns.dst_first + j * gemm.columns.dst_step}];
  }
  EXPECT_EQ(static_cast<int>(writes.size()), problem().h * problem().w);
  for (const auto& [pixel, times] : writes) EXPECT_EQ(times, 1) << pixel.first << pixel.second;
}

INSTANTIATE_TEST_SUITE_P(Problems, Gather, testing::ValuesIn(kProblems));

}  // namespace
}  // namespace allconv::kernels
