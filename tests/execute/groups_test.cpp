// Groups of steps: which images a step computes together never changes a bit.
#include <gtest/gtest.h>

#include <limits>

#include "tests/execute/support.hpp"

namespace allconv {
namespace {

// Logits and attribution of five images when a core's cache has so many bytes.
Floats explain_with_cache(std::size_t cache_bytes, int micro_batch, int threads) {
  const NetworkDescription network = small_network();
  const Graph graph = make_graph(network, PassMode::explain, ReluRule::guided);
  const auto plan = plan_for_cache(cache_bytes, graph, micro_batch);
  ThreadPool pool(threads);
  constexpr int kImages = 5;
  Executor executor(plan, kImages, pool);
  executor.load(random_parameters(network));
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  Floats input(static_cast<std::size_t>(kImages * network.input.size()));
  for (float& value : input) value = normal(random);
  Floats logits(kImages * 10);
  Floats attribution(input.size());
  Batch batch{.images = kImages, .input = input.data(), .scaling = {}};
  batch.logits = logits.data();
  batch.input_gradient = attribution.data();
  executor.run(batch);
  logits.insert(logits.end(), attribution.begin(), attribution.end());
  return logits;
}

TEST(Groups, DoNotChangeABit) {
  constexpr std::size_t kNone = 0;  // no layer is cheap enough for a pass of its own
  const Floats together = explain_with_cache(kNone, 1, 1);
  for (const std::size_t cache : {kNone, std::size_t{2} << 10, std::size_t{1} << 30}) {
    for (const int micro_batch : {1, 2, 4, 5}) {
      for (const int threads : {1, 2, 3}) {
        EXPECT_EQ(explain_with_cache(cache, micro_batch, threads), together)
            << cache << " bytes of cache, " << micro_batch << " images";
      }
    }
  }
}

TEST(Groups, FindThePictureOfEveryPass) {
  const NetworkDescription network = small_network();
  const Pictures pictures(network, 7);
  Batch batch = pictures.batch();
  const auto score = [&](int micro_batch) {
    ThreadPool pool(2);
    Executor executor(plan_of(network, PassMode::inference, micro_batch), batch.images, pool);
    executor.load(random_parameters(network));
    Floats probabilities(70);
    batch.probabilities = probabilities.data();
    executor.run(batch);
    return probabilities;
  };
  EXPECT_EQ(score(4), score(1));
}

// Dropout and labels find their images in every pass.
TEST(Groups, DoNotChangeABitOfTraining) {
  const NetworkDescription network = small_network();
  constexpr std::size_t kAll = std::size_t{1} << 30;  // every layer is worth a pass of its own
  for (const int images : {3, 21, 40}) {
    const TrainResult together = train_pass(network, images, 1, 0);
    for (const int threads : {1, 2, 3}) {
      EXPECT_EQ(train_pass(network, images, threads, kAll), together) << images << ", " << threads;
    }
  }
}

// What an earlier batch left in the places of images that this batch lacks must not reach a sum.
TEST(Groups, AbsentImagesLeaveNoTrace) {
  const NetworkDescription network = small_network();
  const auto gradient = [&](bool after_others) {
    ThreadPool pool(1);
    const Graph graph = make_graph(network, PassMode::training);
    Executor executor(plan_for_cache(std::size_t{1} << 30, graph, 4), 4, pool);
    executor.load(random_parameters(network));
    const std::vector<std::int32_t> labels(4, 2);
    Floats input(4 * static_cast<std::size_t>(network.input.size()),
                 std::numeric_limits<float>::quiet_NaN());
    Batch batch{.images = 4, .input = input.data(), .scaling = {}};
    batch.labels = labels.data();
    if (after_others) executor.run(batch);
    std::fill(input.begin(), input.end(), 0.5F);
    batch.images = 1;
    executor.run(batch);
    const auto sum = executor.sum_gradients();
    return Floats(sum.begin(), sum.end());
  };
  EXPECT_EQ(gradient(true), gradient(false));
}

}  // namespace
}  // namespace allconv
