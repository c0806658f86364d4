#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

using testing::HasSubstr;
using testing::Pair;

constexpr int kExplained = 3;

Session session_for(const Model& model, std::vector<Method> methods, const char* layer = "") {
  return Session(model, {.purposes = {.scores = false, .explanations = std::move(methods)},
                         .batch_size = 2,
                         .threads = 2,
                         .layer = layer});
}

// The network is linear within a small step: a logit changes by the map times the step.
TEST(Explain, TheGradientIsTheLogitsSlope) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kExplained);
  const std::vector<Unit> targets = {class_unit(2), class_unit(0), class_unit(3)};
  const Explanations explained = session_for(model, {Method::gradient})
                                     .explain(tiny_images(pixels), Method::gradient, targets);
  Session prepared(model, {.element = ALLCONV_F32, .threads = 1});
  const auto logits = [&](const std::vector<float>& inputs) {
    return prepared.score(nhwc(inputs.data(), kExplained, kHeight, kWidth)).logits;
  };
  constexpr float kStep = 2e-4F;
  const auto whole = logits(explained.inputs);
  for (const std::size_t place : {0U, 17U, 55U, 143U}) {
    std::vector<float> up = explained.inputs, down = explained.inputs;
    for (std::size_t i = 0; i < kExplained; ++i) {
      up[i * kImage + place] += kStep;
      down[i * kImage + place] -= kStep;
    }
    const auto above = logits(up), below = logits(down);
    for (std::size_t i = 0; i < kExplained; ++i) {
      const std::size_t logit = i * 4 + static_cast<std::size_t>(targets[i].channel);
      EXPECT_NEAR(explained.maps[i * kImage + place], (above[logit] - below[logit]) / (2 * kStep),
                  2e-3);
      EXPECT_NEAR(explained.values[i], whole[logit], 1e-5);
    }
  }
}

TEST(Explain, TakesThePredictedClassOfItself) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kExplained);
  const Scores scores = Session(model).score(tiny_images(pixels));
  Session session = session_for(model, {Method::guided, Method::deconvnet});
  const Explanations guided = session.explain(tiny_images(pixels), Method::guided);
  for (std::size_t i = 0; i < kExplained; ++i) {
    EXPECT_EQ(guided.units[i].channel, static_cast<int>(scores.best(i)));
  }
  EXPECT_NE(guided.maps, session.explain(tiny_images(pixels), Method::deconvnet).maps);
}

TEST(Explain, StartsAtAUnitOfALayer) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kExplained);
  Session session = session_for(model, {Method::gradient}, "second");
  const std::vector<Unit> targets = {{5, 1, 2}, {5, -1, -1}, kLargestUnit};
  const Explanations explained = session.explain(tiny_images(pixels), Method::gradient, targets);
  EXPECT_EQ(explained.units[0].channel, 5);
  EXPECT_EQ(explained.units[0].row, 1);
  EXPECT_EQ(explained.units[0].column, 2);
  EXPECT_EQ(explained.units[1].channel, 5);
  EXPECT_GE(explained.units[2].channel, 0);
  // Two 3x3 windows, the second of stride 2: row 1 sees rows -1 + 2 - 1 .. up to 4 of the input.
  const auto row_of = [&](int y) {
    const auto* const row = explained.maps.data() + y * kWidth * 3;
    return std::any_of(row, row + kWidth * 3, [](float value) { return value != 0; });
  };
  EXPECT_FALSE(row_of(5));
  EXPECT_FALSE(row_of(7));
}

TEST(Explain, RefusesWhatTheSessionOrTheMapHasNot) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kExplained);
  const Images images = tiny_images(pixels);
  Session session = session_for(model, {Method::gradient});
  const auto usage = [](const char* part) { return Pair(ALLCONV_USAGE, HasSubstr(part)); };
  EXPECT_THAT(failure_of([&] { session.explain(images, Method::guided); }), usage("purposes"));
  EXPECT_THAT(failure_of([&] { session.score(images); }), usage("purposes"));
  EXPECT_THAT(failure_of([&] { session.explain(images, static_cast<Method>(9)); }),
              usage("method"));
  const std::vector<Unit> far(kExplained, class_unit(4)), few = {class_unit(0)};
  EXPECT_THAT(failure_of([&] { session.explain(images, Method::gradient, far); }),
              usage("channel"));
  EXPECT_THAT(failure_of([&] { session.explain(images, Method::gradient, few); }),
              usage("targets"));
  EXPECT_THAT(failure_of([&] { session_for(model, {Method::guided}, "third"); }), usage("third"));
}

}  // namespace

}  // namespace allconv::test
