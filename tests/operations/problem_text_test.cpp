// Problem texts: what a failing test prints must read back as the same problem.
#include "kernels/core/problem_text.hpp"

#include <gtest/gtest.h>

#include "tests/operations/conv2d_problems.hpp"
#include "tests/operations/suite/trial.hpp"

namespace allconv::suite {

namespace {

using kernels::parse_problem;
using kernels::to_text;

TEST(ProblemText, EveryProblemOfTheSuiteReadsBack) {
  for (const Suite* suite : all_suites()) {
    for (const bool full_size : {false, true}) {
      for (const auto& trial : suite->trials(full_size)) {
        const auto again = suite->parse(trial->problem_text());
        ASSERT_FALSE(again.empty()) << trial->problem_text();
        for (const auto& variant : again) {
          EXPECT_EQ(variant->problem_text(), trial->problem_text());
        }
      }
    }
  }
}

TEST(ProblemText, FieldsReadBackOneByOne) {
  const Conv2dProblem problem{.n = 128,
                              .h = 32,
                              .w = 31,
                              .c = 96,
                              .k = 100,
                              .r = 3,
                              .s = 5,
                              .stride_h = 2,
                              .stride_w = 4,
                              .pad = {.top = 1, .left = 0, .bottom = 2, .right = 3},
                              .epilogue = Conv2dEpilogue::relu_guided,
                              .slope = 0.333F};
  const auto again = parse_problem<Conv2dProblem>(to_text(problem));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->n, 128);
  EXPECT_EQ(again->h, 32);
  EXPECT_EQ(again->w, 31);
  EXPECT_EQ(again->c, 96);
  EXPECT_EQ(again->k, 100);
  EXPECT_EQ(again->r, 3);
  EXPECT_EQ(again->s, 5);
  EXPECT_EQ(again->stride_h, 2);
  EXPECT_EQ(again->stride_w, 4);
  EXPECT_EQ(again->pad, problem.pad);
  EXPECT_EQ(again->epilogue, Conv2dEpilogue::relu_guided);
  EXPECT_EQ(again->slope, 0.333F);
}

TEST(ProblemText, LeftOutFieldsKeepTheirDefaults) {
  const auto problem = parse_problem<Conv2dProblem>("h8w9p2");
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->n, 1);
  EXPECT_EQ(problem->h, 8);
  EXPECT_EQ(problem->stride_w, 1);
  EXPECT_EQ(problem->pad, (kernels::Padding{.top = 2, .left = 2, .bottom = 2, .right = 2}));
}

TEST(ProblemText, RefusesWhatIsNoProblem) {
  for (const char* text : {"n", "7", "n1x3", "n1h", "n1.5", "n1h8 w8", "N1", "n1h99999999999",
                           "n1h2147483648", "p9999999999", "e9999999999"}) {
    EXPECT_FALSE(parse_problem<Conv2dProblem>(text).has_value()) << text;
  }
}

}  // namespace

}  // namespace allconv::suite
