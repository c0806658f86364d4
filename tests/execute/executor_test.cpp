// The executor against a network computed by NumPy, and the promise that bits depend neither on
// threads nor on the batch.
#include "engine/execute/executor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/formats/model_file.hpp"
#include "tests/execute/support.hpp"

namespace allconv {
namespace {

const nlohmann::json& oracle() {
  static const nlohmann::json json = [] {
    std::ifstream file(std::string(ALLCONV_TEST_DATA) + "/network_oracle.json");
    return nlohmann::json::parse(file);
  }();
  return json;
}

NetworkDescription oracle_network() { return network_from_json(oracle()["network"].dump()); }

Parameters oracle_parameters() {
  Parameters parameters = zero_parameters(oracle_network());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].weights = oracle()["weights"][i].get<Floats>();
    parameters[i].bias = oracle()["bias"][i].get<Floats>();
  }
  return parameters;
}

// Relative to the largest value of the tensor.
void expect_near(const Floats& actual, const Floats& expected, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  float scale = 0;
  for (const float value : expected) scale = std::max(scale, std::abs(value));
  ASSERT_GT(scale, 0) << what;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 2e-6F * scale) << what << " at " << i;
  }
}

class OracleNetwork : public testing::TestWithParam<std::tuple<kernels::Isa, int, int>> {
 protected:
  void SetUp() override {
    if (std::get<0>(GetParam()) > kernels::best_isa()) GTEST_SKIP() << "this CPU lacks the ISA";
  }
  std::shared_ptr<const Plan> plan(PassMode mode, ReluRule rule = ReluRule::gradient) const {
    const auto [isa, threads, images] = GetParam();
    return plan_of(oracle_network(), mode, images, rule, isa);
  }
  int threads() const { return std::get<1>(GetParam()); }
};

TEST_P(OracleNetwork, ScoresAsNumPy) {
  ThreadPool pool(threads());
  Executor executor(plan(PassMode::inference), 3, pool);
  executor.load(oracle_parameters());
  const auto input = oracle()["input"].get<Floats>();
  Floats logits(12), probabilities(12);
  Batch batch{.images = 3, .input = input.data(), .scaling = {}};
  batch.logits = logits.data();
  batch.probabilities = probabilities.data();
  executor.run(batch);
  expect_near(logits, oracle()["logits"].get<Floats>(), "logits");
  expect_near(probabilities, oracle()["probabilities"].get<Floats>(), "probabilities");
}

TEST_P(OracleNetwork, GradientsAsNumPy) {
  ThreadPool pool(threads());
  Executor executor(plan(PassMode::training), 3, pool);
  executor.load(oracle_parameters());
  const auto input = oracle()["input"].get<Floats>();
  const auto labels = oracle()["labels"].get<std::vector<std::int32_t>>();
  Floats losses(3);
  Batch batch{.images = 3, .input = input.data(), .scaling = {}};
  batch.labels = labels.data();
  batch.losses = losses.data();
  executor.run(batch);
  Parameters gradients = zero_parameters(oracle_network());
  executor.lane_form().unpack(executor.sum_gradients(), gradients);
  expect_near(losses, oracle()["losses"].get<Floats>(), "losses");
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    expect_near(gradients[i].weights, oracle()["d_weights"][i].get<Floats>(), "weights");
    expect_near(gradients[i].bias, oracle()["d_bias"][i].get<Floats>(), "bias");
  }
}

TEST_P(OracleNetwork, ExplainsAsNumPyByAllThreeRules) {
  const std::pair<ReluRule, const char*> rules[] = {{ReluRule::gradient, "gradient"},
                                                    {ReluRule::deconvnet, "deconvnet"},
                                                    {ReluRule::guided, "guided"}};
  const auto input = oracle()["input"].get<Floats>();
  for (const auto& [rule, name] : rules) {
    ThreadPool pool(threads());
    Executor executor(plan(PassMode::explain, rule), 3, pool);
    executor.load(oracle_parameters());
    Floats attribution(input.size());
    Batch batch{.images = 3, .input = input.data(), .scaling = {}};
    batch.input_gradient = attribution.data();
    executor.run(batch);
    expect_near(attribution, oracle()["attribution"][name].get<Floats>(), name);
  }
}

INSTANTIATE_TEST_SUITE_P(IsaThreadsImages, OracleNetwork,
                         testing::Combine(testing::Values(kernels::Isa::portable,
                                                          kernels::Isa::avx2, kernels::Isa::avx512),
                                          testing::Values(1, 2, 3), testing::Values(1, 2, 4)));

TEST(BitEqual, GradientsForAnyNumberOfThreads) {
  const NetworkDescription network = small_network();
  for (const int images : {1, 5, 40}) {  // fewer micro-batches than threads, a part one, many
    const TrainResult one = train_pass(network, images, 1);
    for (const int threads : {2, 3, 8}) {
      EXPECT_EQ(train_pass(network, images, threads), one) << images << " images, " << threads;
    }
  }
}

Floats score(const NetworkDescription& network, const Floats& input, int images, int threads) {
  ThreadPool pool(threads);
  Executor executor(plan_of(network, PassMode::inference, 1), images, pool);
  executor.load(random_parameters(network));
  Floats logits(static_cast<std::size_t>(images) * 10);
  Batch batch{.images = images, .input = input.data(), .scaling = {}};
  batch.logits = logits.data();
  executor.run(batch);
  return logits;
}

// Weights that travel through the lane form give the same bits as those from the file's form.
TEST(LaneForm, LoadsTheSameWeightsAsTheFile) {
  const NetworkDescription network = small_network();
  const Parameters parameters = random_parameters(network);
  for (const auto isa : {kernels::Isa::portable, kernels::best_isa()}) {
    ThreadPool pool(2);
    Executor executor(plan_of(network, PassMode::training, 2, ReluRule::gradient, isa), 4, pool);
    std::vector<float> lane(executor.lane_form().size());
    executor.lane_form().pack(parameters, lane);
    Parameters back = zero_parameters(network);
    executor.lane_form().unpack(lane, back);
    EXPECT_EQ(back, parameters);
    const Floats input(4 * static_cast<std::size_t>(network.input.size()), 0.5F);
    const std::vector<std::int32_t> labels(4, 3);
    Floats logits(40);
    Batch batch{.images = 4, .input = input.data(), .scaling = {}};
    batch.labels = labels.data();
    batch.logits = logits.data();
    executor.load(parameters);
    executor.run(batch);
    const Floats expected = logits;
    const auto summed = executor.sum_gradients();
    const Floats gradient(summed.begin(), summed.end());
    executor.load_lane(std::vector<float>(lane.size(), 0.0F));
    executor.load_lane(lane);
    executor.run(batch);
    EXPECT_EQ(logits, expected);
    const auto again = executor.sum_gradients();
    EXPECT_EQ(Floats(again.begin(), again.end()), gradient);
  }
}

TEST(BitEqual, ScoresForAnyBatchNeighboursAndThreads) {
  const NetworkDescription network = small_network();
  const auto size = static_cast<std::size_t>(network.input.size());
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  Floats input(7 * size);
  for (float& value : input) value = normal(random);
  const Floats together = score(network, input, 7, 1);
  for (const int threads : {1, 2, 3, 8}) {
    EXPECT_EQ(score(network, input, 7, threads), together) << threads;
    for (std::size_t image = 0; image < 7; ++image) {
      const Floats alone(input.begin() + static_cast<std::ptrdiff_t>(image * size),
                         input.begin() + static_cast<std::ptrdiff_t>((image + 1) * size));
      const Floats expected(together.begin() + static_cast<std::ptrdiff_t>(image * 10),
                            together.begin() + static_cast<std::ptrdiff_t>(image * 10 + 10));
      EXPECT_EQ(score(network, alone, 1, threads), expected) << image << ", " << threads;
    }
  }
}

TEST(BitEqual, AShorterBatchThanTheExecutorWasMadeFor) {
  const NetworkDescription network = small_network();
  const auto size = static_cast<std::size_t>(network.input.size());
  const Floats input(3 * size, 0.25F);
  ThreadPool pool(2);
  Executor executor(plan_of(network, PassMode::inference, 4), 8, pool);
  executor.load(random_parameters(network));
  Floats logits(80, -1.0F);
  Batch batch{.images = 3, .input = input.data(), .scaling = {}};
  batch.logits = logits.data();
  executor.run(batch);
  for (std::size_t i = 10; i < 30; ++i) EXPECT_EQ(logits[i], logits[i - 10]);
  for (std::size_t i = 30; i < 80; ++i) EXPECT_EQ(logits[i], -1.0F);  // untouched
}

// Prepared numbers are moved as pixels are: with a preparation that changes none, to the same bits.
TEST(Input, IsMovedAsPixelsAre) {
  const NetworkDescription network = small_network();
  const Pictures pictures(network, 5);
  Batch batch = pictures.batch();
  batch.scaling = {};
  const Floats numbers(pictures.pixels.begin(), pictures.pixels.end());
  ThreadPool pool(2);
  Executor executor(plan_of(network, PassMode::inference, 2), 5, pool);
  executor.load(random_parameters(network));
  Floats of_pixels(50), of_numbers(50), unmoved(50);
  batch.logits = of_pixels.data();
  executor.run(batch);
  batch.pixels = nullptr;
  batch.input = numbers.data();
  batch.logits = of_numbers.data();
  executor.run(batch);
  EXPECT_EQ(of_numbers, of_pixels);
  batch.moves = nullptr;
  batch.logits = unmoved.data();
  executor.run(batch);
  EXPECT_NE(unmoved, of_numbers);
}

TEST(Observed, RunsTheSameSteps) {
  const NetworkDescription network = small_network();
  ThreadPool pool(2);
  Executor executor(plan_of(network, PassMode::inference, 1), 2, pool);
  executor.load(random_parameters(network));
  const Floats input(2 * static_cast<std::size_t>(network.input.size()), 0.5F);
  Floats logits(20);
  Batch batch{.images = 2, .input = input.data(), .scaling = {}};
  batch.logits = logits.data();
  std::vector<int> calls(executor.plan().steps.size(), 0);
  executor.run_observed(batch, [&](std::size_t step, double seconds) {
    ++calls[step];
    EXPECT_GE(seconds, 0);
  });
  for (const int count : calls) EXPECT_EQ(count, 2);
  const Floats observed = logits;
  executor.run(batch);
  EXPECT_EQ(observed, logits);
}

}  // namespace
}  // namespace allconv
