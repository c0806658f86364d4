#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/api/reference.hpp"
#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

using testing::HasSubstr;
using testing::Pair;

constexpr int kTrained = 6;
const std::vector<std::int32_t> kLabels = {0, 1, 2, 3, 1, 0};

Session trainer(const Model& model, int threads, std::uint64_t seed = 0) {
  return Session(model, {.purposes = {.training = true, .explanations = {Method::guided}},
                         .batch_size = kTrained,
                         .threads = threads,
                         .seed = seed});
}

std::vector<float> tensor_of(const Model& model, std::size_t index) {
  const auto values = model.tensors()[index].values;
  return {values.begin(), values.end()};
}

double mean_loss(const Model& model, const std::vector<std::uint8_t>& pixels) {
  double sum = 0;
  for (std::size_t i = 0; i < kTrained; ++i) {
    sum += reference_loss(model, std::span(pixels).subspan(i * kImage, kImage), kLabels[i]);
  }
  return sum / kTrained;
}

// The model with one number of one tensor changed.
Model changed(const Model& model, std::size_t tensor, std::size_t place, float by) {
  ModelParts parts = {
      .network = model.network(), .preparation = model.preparation(), .tensors = model.tensors()};
  std::vector<float> values = tensor_of(model, tensor);
  values[place] += by;
  parts.tensors[tensor].values = values;
  return Model::create(parts);
}

// Without momentum a step is the rate times gradient plus decay; the gradient is the slope of the
// loss by its definition. Biases are not decayed.
TEST(TrainStep, GoesDownTheSlopeOfTheMeanLoss) {
  const Model model = tiny_model("0");
  const auto pixels = tiny_pixels(kTrained);
  constexpr double kRate = 0.5, kDecay = 0.01;
  constexpr float kStep = 1e-3F;
  Session session = trainer(model, 2);
  const Step step =
      session.train_step(tiny_images(pixels), kLabels,
                         {.learning_rate = kRate, .momentum = 0, .weight_decay = kDecay});
  EXPECT_NEAR(step.loss, mean_loss(model, pixels), 1e-5);
  const Model after = session.model();
  for (std::size_t tensor = 0; tensor < 6; ++tensor) {
    const bool is_weight = tensor % 2 == 0;
    const auto before = tensor_of(model, tensor), trained = tensor_of(after, tensor);
    for (const std::size_t place : {std::size_t{0}, before.size() / 2, before.size() - 1}) {
      const double slope = (mean_loss(changed(model, tensor, place, kStep), pixels) -
                            mean_loss(changed(model, tensor, place, -kStep), pixels)) /
                           (2 * kStep);
      const double gradient = slope + (is_weight ? kDecay * before[place] : 0);
      EXPECT_NEAR(trained[place] - before[place], -kRate * gradient, 1e-4) << tensor;
    }
  }
}

TEST(TrainStep, LowersTheLossAndScoresFollow) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kTrained);
  Session session = trainer(model, 2);
  const auto before = session.score(tiny_images(pixels)).logits;
  const auto map = session.explain(tiny_images(pixels), Method::guided).maps;
  const double first = mean_loss(model, pixels);
  std::int64_t correct = 0;
  for (int i = 0; i < 150; ++i) {
    correct = session
                  .train_step(tiny_images(pixels), kLabels,
                              {.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0})
                  .correct;
  }
  const Model after = session.model();
  EXPECT_LT(mean_loss(after, pixels), 0.5 * first);
  EXPECT_GT(correct, 3);
  const auto scored = session.score(tiny_images(pixels)).logits;
  EXPECT_NE(scored, before);
  EXPECT_EQ(scored, Session(after).score(tiny_images(pixels)).logits);
  EXPECT_NE(session.explain(tiny_images(pixels), Method::guided).maps, map);
  EXPECT_EQ(tensor_of(model, 0), tensor_of(tiny_model(), 0));  // the model itself is immutable
}

TEST(TrainStep, HasTheSameBitsWithAnyNumberOfThreads) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kTrained);
  const auto trained = [&](int threads, std::uint64_t seed) {
    Session session = trainer(model, threads, seed);
    for (int i = 0; i < 5; ++i) {
      session.train_step(tiny_images(pixels), kLabels,
                         {.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.001});
    }
    return tensor_of(session.model(), 0);
  };
  EXPECT_EQ(trained(1, 5), trained(3, 5));
  EXPECT_NE(trained(1, 5), trained(1, 6));  // dropout's seed
}

TEST(TrainStep, RefusesWhatIsNoBatch) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kTrained + 1);
  Session session = trainer(model, 1), scorer(model);
  const Images images = tiny_images(pixels);
  const std::vector<std::int32_t> seven(kTrained + 1, 0), wrong = {0, 1, 2, 3, 1, 4};
  const Images six = nhwc(pixels.data(), kTrained, kHeight, kWidth);
  const Sgd sgd = {.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.001};
  const auto usage = [](const char* part) { return Pair(ALLCONV_USAGE, HasSubstr(part)); };
  EXPECT_THAT(failure_of([&] { session.train_step(images, seven, sgd); }), usage("batch_size"));
  EXPECT_THAT(failure_of([&] { session.train_step(six, seven, sgd); }), usage("labels"));
  EXPECT_THAT(failure_of([&] { session.train_step(six, wrong, sgd); }), usage("4 is no class"));
  EXPECT_THAT(failure_of([&] {
                session.train_step(six, kLabels, {-1, 0, 0});
              }),
              usage("learning_rate"));
  EXPECT_THAT(failure_of([&] {
                session.train_step(six, kLabels, {0.1, std::nan(""), 0});
              }),
              usage("momentum"));
  EXPECT_THAT(failure_of([&] { scorer.train_step(six, kLabels, sgd); }), usage("purposes"));
}

TEST(TrainStep, SaysThatItDiverged) {
  const auto pixels = tiny_pixels(kTrained);
  Session session = trainer(tiny_model(), 1);
  const auto train = [&] {
    for (int i = 0; i < 50; ++i) {
      session.train_step(tiny_images(pixels), kLabels,
                         {.learning_rate = 1e6, .momentum = 0.9, .weight_decay = 0});
    }
  };
  EXPECT_THAT(failure_of(train), Pair(ALLCONV_TRAINING, HasSubstr("no longer a number")));
  EXPECT_THAT(failure_of([&] { session.model(); }),
              Pair(ALLCONV_TRAINING, HasSubstr("not finite")));
}

}  // namespace

}  // namespace allconv::test
