// What slots and graphs are for, on the clock: batches in three slots against one after another,
// and recorded launches against single ones. The bits must agree; the seconds are properties of the
// tests, for whoever has a device to measure. Those of an emulated GPU mean nothing.
#include <algorithm>
#include <chrono>
#include <functional>

#include "tests/simt/network/support.hpp"

namespace allconv {
namespace {

using kernels::Precision;

struct Load {
  NetworkDescription network;
  int images = 0;   // of a batch
  int batches = 0;  // of a measurement
};

Load many_images() {
  if (simt::is_emulated()) return {.network = narrow_all_cnn(), .images = 2, .batches = 4};
  return {.network = all_cnn(), .images = 128, .batches = 200};
}

Load single_images() {
  Load load = many_images();
  load.images = 1;
  return load;
}

class Overlap : public testing::TestWithParam<Precision> {
 protected:
  // The best of three goes on a device, as microseconds a batch, under the test's name for it.
  void record(const std::string& name, int batches, const std::function<void()>& go) {
    const int goes = simt::is_emulated() ? 1 : 3;
    if (goes > 1) go();  // warms up
    std::chrono::duration<double, std::micro> best = std::chrono::hours(1);
    for (int i = 0; i < goes; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      go();
      best = std::min<decltype(best)>(best, std::chrono::steady_clock::now() - begin);
    }
    RecordProperty(name, std::to_string(best.count() / batches));
  }

  void describe(const Load& load) {
    RecordProperty("network", load.network.name + " " + std::to_string(load.network.input.height));
    RecordProperty("batch_size", load.images);
    RecordProperty("precision", std::string(to_string(GetParam())));
  }
};

// As the scorer does: the next batches are written and copied while one is computed.
TEST_P(Overlap, ThreeSlotsAndOne) {
  const Load load = many_images();
  const Graph graph = make_graph(load.network, PassMode::inference);
  const Pictures pictures(load.network, load.images);
  const auto gpu = make_cuda_executor(graph, load.images, BatchInput::pixels, on_gpu(GetParam()));
  gpu->load(random_parameters(load.network));
  Answer alone(load.network, load.images);
  std::vector<Answer> answers(static_cast<std::size_t>(gpu->slots()), alone);
  const auto batch_into = [&](Answer& answer) {
    Batch batch = pictures.batch();
    answer.receive(batch, false);
    return batch;
  };
  describe(load);
  record("microseconds_in_one_slot", load.batches, [&] {
    for (int i = 0; i < load.batches; ++i) gpu->run(batch_into(alone));
  });
  record("microseconds_in_all_slots", load.batches, [&] {
    const int slots = gpu->slots();
    for (int i = 0; i < load.batches + slots; ++i) {
      Answer& answer = answers[static_cast<std::size_t>(i % slots)];
      if (i >= slots) gpu->finish(batch_into(answer), i % slots);
      if (i < load.batches) gpu->start(batch_into(answer), i % slots);
    }
  });
  for (const Answer& answer : answers) EXPECT_EQ(answer.logits, alone.logits);
  expect_no_faults();
}

TEST_P(Overlap, RecordedAndSingleLaunches) {
  const Load load = single_images();
  const Graph graph = make_graph(load.network, PassMode::inference);
  const Pictures pictures(load.network, load.images);
  std::vector<Floats> logits;
  describe(load);
  for (const bool recorded : {true, false}) {
    const WithGraphs with(recorded);
    const auto gpu = make_cuda_executor(graph, load.images, BatchInput::pixels, on_gpu(GetParam()));
    gpu->load(random_parameters(load.network));
    Answer answer(load.network, load.images);
    Batch batch = pictures.batch();
    answer.receive(batch, false);
    record(recorded ? "microseconds_recorded" : "microseconds_single", load.batches, [&] {
      for (int i = 0; i < load.batches; ++i) gpu->run(batch);
    });
    EXPECT_EQ(gpu->notes().empty(), recorded);
    logits.push_back(answer.logits);
  }
  EXPECT_EQ(logits[0], logits[1]);
  expect_no_faults();
}

TEST_P(Overlap, RecordedAndSingleTrainingSteps) {
  const Load load = many_images();
  const Graph graph = make_graph(load.network, PassMode::training);
  const Pictures pictures(load.network, load.images);
  const Parameters start = random_parameters(load.network);
  std::vector<Parameters> weights;
  describe(load);
  for (const bool recorded : {true, false}) {
    const WithGraphs with(recorded);
    const auto gpu =
        make_cuda_training(graph, start, load.images, BatchInput::pixels, on_gpu(GetParam()));
    Batch batch = pictures.batch();
    Floats losses(static_cast<std::size_t>(load.images));
    batch.losses = losses.data();
    record(recorded ? "microseconds_recorded" : "microseconds_single", load.batches, [&] {
      for (int i = 0; i < load.batches; ++i) gpu->step(batch, {.rate = 1e-4});
    });
    weights.push_back(zero_parameters(load.network));
    gpu->read_weights(weights.back());
  }
  EXPECT_EQ(weights[0], weights[1]);
  expect_no_faults();
}

std::vector<Precision> precisions() {
  if (simt::is_emulated()) return {Precision::fp16};
  return {std::begin(kernels::kPrecisions), std::end(kernels::kPrecisions)};
}

INSTANTIATE_TEST_SUITE_P(Precisions, Overlap, testing::ValuesIn(precisions()),
                         [](const auto& info) { return std::string(to_string(info.param)); });

}  // namespace
}  // namespace allconv
