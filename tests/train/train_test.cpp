// Training: schedules, initial weights, the optimiser's formula, and that a network learns, with
// the same bits for any number of threads.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/execute/optimiser.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/score/evaluation.hpp"
#include "engine/support/error.hpp"
#include "engine/train/activity.hpp"
#include "engine/train/schedule.hpp"
#include "engine/train/trainer.hpp"
#include "tests/train/tiny_training.hpp"

namespace allconv {
namespace {

TEST(Schedule, MultipliesByATenthAtEachStep) {
  const Schedule schedule = parse_schedule("step:2,5");
  const auto rate = [&](int epoch) {
    return schedule.rate(0.5, {.epoch = epoch, .done = 0.75, .step = 0.25, .epochs = 6});
  };
  EXPECT_DOUBLE_EQ(rate(0), 0.5);
  EXPECT_DOUBLE_EQ(rate(1), 0.5);
  EXPECT_DOUBLE_EQ(rate(2), 0.05);
  EXPECT_DOUBLE_EQ(rate(4), 0.05);
  EXPECT_NEAR(rate(5), 0.005, 1e-15);
}

// Two epochs of warm-up, four of the cosine, two steps an epoch.
TEST(Schedule, RisesAndFallsFromStepToStep) {
  Schedule schedule = parse_schedule("cosine");
  schedule.warm_up = 2;
  check_schedule(schedule, 6);
  const auto rate = [&](int step) {
    return schedule.rate(8, {.epoch = step / 2, .done = step % 2 / 2.0, .step = 0.5, .epochs = 6});
  };
  for (int step = 0; step < 4; ++step) EXPECT_DOUBLE_EQ(rate(step), 2 * (step + 1));
  EXPECT_DOUBLE_EQ(rate(4), 8);
  EXPECT_DOUBLE_EQ(rate(8), 4);  // half of the way
  for (int step = 5; step < 12; ++step) EXPECT_LT(rate(step), rate(step - 1));
  EXPECT_GT(rate(11), 0);

  schedule.shape = Schedule::Shape::step;
  schedule.steps = {4};
  EXPECT_DOUBLE_EQ(rate(1), 4);
  EXPECT_DOUBLE_EQ(rate(7), 8);
  EXPECT_DOUBLE_EQ(rate(8), 0.8);
}

TEST(Schedule, RefusesAWarmUpThatLeavesNothing) {
  Schedule schedule = parse_schedule("cosine");
  schedule.warm_up = 6;
  EXPECT_THROW(check_schedule(schedule, 6), Error);
  check_schedule(schedule, 7);
  schedule = parse_schedule("step:5");
  schedule.warm_up = 6;
  EXPECT_THROW(check_schedule(schedule, 10), Error);
  schedule.warm_up = 5;
  check_schedule(schedule, 10);
}

TEST(Schedule, RefusesWhatIsNone) {
  for (const char* text : {"", "step", "step:", "step:a", "step:3,2", "step:2,2", "step:0",
                           "step:1,", "step:1;2", "linear"}) {
    EXPECT_THROW(parse_schedule(text), Error) << text;
  }
}

TEST(InitialParameters, HaveHesVarianceAndDependOnTheSeed) {
  NetworkDescription network = tiny_network(4);
  std::get<Conv2dLayer>(network.layers[0]).filters = 2000;
  const Parameters parameters = initial_parameters(network, WeightRule::he, 1);
  double sum = 0;
  double squares = 0;
  for (const float weight : parameters[0].weights) {
    sum += weight;
    squares += static_cast<double>(weight) * weight;
  }
  const auto count = static_cast<double>(parameters[0].weights.size());  // 54,000
  const double variance = 2.0 / 27;
  EXPECT_NEAR(sum / count, 0, 4 * std::sqrt(variance / count));
  EXPECT_NEAR(squares / count, variance, 4 * variance * std::sqrt(2 / count));
  EXPECT_EQ(parameters[0].bias, std::vector<float>(2000, 0.0F));
  EXPECT_EQ(parameters, initial_parameters(network, WeightRule::he, 1));
  EXPECT_NE(parameters, initial_parameters(network, WeightRule::he, 2));
}

TEST(FineTune, ReplacesTheLastLayerOnly) {
  const Parameters four = initial_parameters(tiny_network(4), WeightRule::he, 1);
  const FineTuned same = fine_tune(four, tiny_network(4), 2);
  EXPECT_FALSE(same.last_layer_is_new);
  EXPECT_EQ(same.parameters, four);
  const FineTuned seven = fine_tune(four, tiny_network(7), 2);
  EXPECT_TRUE(seven.last_layer_is_new);
  EXPECT_EQ(seven.parameters[1], four[1]);
  EXPECT_EQ(seven.parameters[2].bias.size(), 7U);
  NetworkDescription other = tiny_network(4);
  std::get<Conv2dLayer>(other.layers[0]).filters = 9;
  EXPECT_THROW(fine_tune(four, other, 2), Error);
}

TEST(Optimiser, FollowsTheFormulaAndDoesNotDecayBiases) {
  const NetworkDescription network = tiny_network(4);
  Parameters parameters = initial_parameters(network, WeightRule::he, 3);
  for (LayerParameters& layer : parameters) {
    for (float& bias : layer.bias) bias = 0.5F;
  }
  const Parameters initial = parameters;
  ThreadPool pool(2);
  const auto plan =
      std::make_shared<const Plan>(make_plan(make_graph(network, PassMode::training), 1, {}));
  Executor executor(plan, 3, pool);
  executor.load(parameters);
  Optimiser optimiser(executor, parameters, pool);
  const std::vector<float> input(3 * static_cast<std::size_t>(network.input.size()), 0.4F);
  const std::vector<std::int32_t> labels = {0, 1, 1};
  Batch batch{.images = 3, .input = input.data(), .scaling = {}};
  batch.labels = labels.data();
  const SgdSettings settings{.rate = 0.1, .momentum = 0.9, .weight_decay = 0.01};
  Parameters gradients[2] = {initial, initial};
  for (Parameters& gradient : gradients) {
    executor.run(batch);
    executor.lane_form().unpack(executor.sum_gradients(), gradient);
    optimiser.step(settings);
  }
  executor.lane_form().unpack(optimiser.weights(), parameters);
  for (std::size_t layer = 0; layer < parameters.size(); ++layer) {
    for (std::size_t i = 0; i < parameters[layer].weights.size(); ++i) {
      double weight = initial[layer].weights[i];
      double velocity = 0;
      for (int step = 0; step < 2; ++step) {
        velocity = 0.9 * velocity + gradients[step][layer].weights[i] + 0.01 * weight;
        weight -= 0.1 * velocity;
      }
      ASSERT_NEAR(parameters[layer].weights[i], weight, 1e-6);
    }
    for (std::size_t i = 0; i < parameters[layer].bias.size(); ++i) {
      const double first = gradients[0][layer].bias[i];
      const double second = 0.9 * first + gradients[1][layer].bias[i];
      ASSERT_NEAR(parameters[layer].bias[i], initial[layer].bias[i] - 0.1 * (first + second), 1e-6);
    }
  }
}

Parameters train(const TrainingSet& set, int threads, std::vector<EpochResult>* results,
                 const TrainOptions& options = tiny_options()) {
  ThreadPool pool(threads);
  Trainer trainer(untrained_model(set), set, options, pool);
  for (int epoch = 0; epoch < 3; ++epoch) {
    const EpochResult result = trainer.run_epoch(epoch, {});
    if (results != nullptr) results->push_back(result);
  }
  return trainer.model().parameters;
}

TEST(Trainer, LearnsAndGivesTheSameBitsForAnyNumberOfThreads) {
  const TrainingSet set = striped_images(250);  // the last batch has 10
  std::vector<EpochResult> results;
  const Parameters one = train(set, 1, &results);
  EXPECT_LT(results.back().loss, 0.2 * results.front().loss);
  EXPECT_LT(results.back().error, 0.02);
  EXPECT_GT(results.back().images_per_second, 0);
  for (const int threads : {2, 3, 8}) EXPECT_EQ(train(set, threads, nullptr), one) << threads;
}

TEST(Trainer, HeavyAugmentationLearnsWithTheSameBitsForAnyNumberOfThreads) {
  const TrainingSet set = striped_images(250);
  TrainOptions options = tiny_options();
  options.augmentation = {.heavy = true};
  std::vector<EpochResult> results;
  const Parameters one = train(set, 1, &results, options);
  EXPECT_LT(results.back().loss, 0.5 * results.front().loss);
  EXPECT_NE(one, train(set, 1, nullptr));
  for (const int threads : {2, 3, 8}) EXPECT_EQ(train(set, threads, nullptr, options), one);
}

// The same images with a border: a crop sees another part in every epoch.
TEST(Trainer, CropsTakeWindowsOfTheNetworksSize) {
  constexpr int kMargin = 4;
  const TrainingSet small = striped_images(250);
  TrainingSet set = striped_images(250);
  set.margin = kMargin;
  set.target = {.height = 8 + kMargin, .width = 8 + kMargin};
  set.pixels = kernels::Buffer<std::uint8_t>(set.size() * set.target.bytes());
  std::fill_n(set.pixels.data(), set.pixels.size(), std::uint8_t{90});
  for (std::size_t i = 0; i < set.size(); ++i) {
    for (std::ptrdiff_t row = 0; row < 8; ++row) {
      std::copy_n(small.image(i) + row * small.pitch(), small.pitch(),
                  const_cast<std::uint8_t*>(set.centre(i)) + row * set.pitch());
    }
  }
  TrainOptions options = tiny_options();
  options.augmentation.crop = kMargin;
  std::vector<EpochResult> results;
  const Parameters one = train(set, 1, &results, options);
  EXPECT_LT(results.back().loss, 0.5 * results.front().loss);
  EXPECT_NE(one, train(small, 1, nullptr));
  for (const int threads : {2, 8}) EXPECT_EQ(train(set, threads, nullptr, options), one);

  // In the middle stands what the smaller images are: the units say the same of both.
  ThreadPool pool(2);
  const Model model = untrained_model(small);
  const auto of_small = measure_activity(model, small, {}, pool);
  const auto of_large = measure_activity(model, set, {}, pool);
  ASSERT_EQ(of_small.size(), of_large.size());
  for (std::size_t i = 0; i < of_small.size(); ++i) EXPECT_EQ(of_small[i].dead, of_large[i].dead);

  options.augmentation.crop = kMargin - 1;
  EXPECT_THROW(train(set, 1, nullptr, options), Error);
}

// Each layer has another number of units, and an output that is its bias, of some below zero.
TEST(Activity, CountsTheDeadUnitsOfEachLayer) {
  const TrainingSet set = striped_images(40);
  Model model = untrained_model(set);
  model.network.layers = {
      DropoutLayer{},
      Conv2dLayer{.name = "conv1", .filters = 5, .kernel = {3, 3}, .padding = {1, 1, 1, 1}},
      ReluLayer{},
      MaxPoolLayer{.kernel = {2, 2}, .stride = {2, 2}},
      ReluLayer{},
      Conv2dLayer{.name = "conv2", .filters = 7},
      LeakyReluLayer{},
      Conv2dLayer{.name = "conv3", .filters = 6},
      ReluLayer{},
      DropoutLayer{},
      Conv2dLayer{.name = "conv4", .filters = 2},
      ReluLayer{},
      GlobalAveragePoolLayer{},
      SoftmaxLayer{}};
  model.parameters = zero_parameters(model.network);
  for (LayerParameters& layer : model.parameters) layer.bias.assign(layer.bias.size(), 1);
  for (const auto& [layer, unit] : {std::pair(0U, 4U), {0U, 1U}, {2U, 0U}, {3U, 1U}})
    model.parameters[layer].bias[unit] = -1;
  ThreadPool pool(2);
  std::vector<std::tuple<std::string, int, int>> found;
  for (const LayerActivity& layer : measure_activity(model, set, {}, pool))
    found.emplace_back(layer.layer, layer.units, layer.dead);
  EXPECT_EQ(found, (std::vector<std::tuple<std::string, int, int>>{{"conv1 + relu3", 5, 2},
                                                                   {"relu5", 5, 2},
                                                                   {"conv3 + relu9", 6, 1},
                                                                   {"conv4 + relu12", 2, 1}}));
}

TEST(Trainer, ProgressCountsAllImagesAndCancellingStops) {
  const TrainingSet set = striped_images(50);
  ThreadPool pool(2);
  Trainer trainer(untrained_model(set), set, tiny_options(), pool);
  std::vector<std::size_t> seen;
  trainer.run_epoch(0, {.progress = [&](const TrainProgress& now) { seen.push_back(now.images); },
                        .cancelled = {}});
  EXPECT_EQ(seen, (std::vector<std::size_t>{24, 48, 50}));
  try {
    trainer.run_epoch(1, {.progress = {}, .cancelled = [] { return true; }});
    FAIL() << "a cancelled epoch ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
}

// Without momentum and decay the velocities are the last step's gradient.
TEST(Trainer, KnowsTheNormsOfTheEpochsLastGradient) {
  const TrainingSet set = striped_images(50);
  ThreadPool pool(2);
  TrainOptions options = tiny_options();
  options.momentum = options.weight_decay = 0;
  Trainer trainer(untrained_model(set), set, options, pool);
  EXPECT_TRUE(trainer.gradient_norms().empty());
  trainer.run_epoch(0, {});
  const TrainerState state = trainer.state();
  EXPECT_EQ(trainer.gradient_norms(), weight_norms(state.velocities));
  EXPECT_GT(trainer.gradient_norms().front(), 0);
  Trainer resumed(untrained_model(set), set, options, pool);
  resumed.restore(state);
  resumed.run_epoch(0, {});  // nothing is left of it
  EXPECT_EQ(resumed.gradient_norms(), trainer.gradient_norms());
  EXPECT_EQ(resumed.model().parameters, trainer.model().parameters);
}

// The first unit of the second layer never answers, those of the last have no ReLU.
TEST(Activity, GoesToTheConvolutionsOfTheRecords) {
  const TrainingSet set = striped_images(50);
  ThreadPool pool(2);
  Model model = untrained_model(set);
  model.parameters[1].bias[0] = -1e6F;
  const Trainer trainer(model, set, tiny_options(), pool);
  const auto records = layer_records(model.parameters, {1, 2}, trainer.activity());
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[1].name, "conv2");
  EXPECT_EQ(records[1].units, 8);
  EXPECT_GE(records[1].dead.value_or(0), 1);
  EXPECT_LT(records[1].dead.value_or(8), 8);
  EXPECT_EQ(records[1].gradient_norm, 2);
  EXPECT_TRUE(records[0].dead);
  EXPECT_FALSE(records[2].dead);
  EXPECT_FALSE(records[2].gradient_norm);
  EXPECT_EQ(records[2].weight_norm, weight_norms(model.parameters)[2]);
}

TEST(Trainer, ALossThatIsNoNumberIsDivergence) {
  const TrainingSet set = striped_images(50);
  ThreadPool pool(1);
  TrainOptions options = tiny_options();
  options.learning_rate = 1e30;
  Trainer trainer(untrained_model(set), set, options, pool);
  try {
    trainer.run_epoch(0, {});
    FAIL() << "a rate of 1e30 trained";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::training);
    EXPECT_NE(std::string(error.what()).find("--learning-rate"), std::string::npos);
  }
}

}  // namespace
}  // namespace allconv
