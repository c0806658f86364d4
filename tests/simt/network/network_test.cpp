// Whole networks on a GPU against the CPU's executor: inference, one training step, and guided
// backpropagation, through the engine's own plan, slots, streams and graphs.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <ostream>
#include <string>
#include <utility>

#include "engine/execute/cpu_training.hpp"
#include "tests/simt/network/support.hpp"

namespace allconv {
namespace {

using kernels::Precision;

constexpr double kBackward = 16;  // times the tolerance, behind ReLUs that may open on one side

// How far results may be from the CPU's: the L2 norm of the differences, as a share of the
// results'. (Single values may differ by more: a ReLU whose input is nearly zero may open on one
// side only.)
double tolerance(Precision precision) {
  switch (precision) {
    case Precision::fp32: return 1e-5;
    case Precision::tf32:
    case Precision::fp16: return 3e-3;  // 10 bits of fraction, over nine layers
    case Precision::bf16: return 2e-2;  // 7 bits
  }
  return 0;
}

void expect_close(const Floats& results, const Floats& expected, double share) {
  ASSERT_EQ(results.size(), expected.size());
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    difference += std::pow(double{results[i]} - double{expected[i]}, 2);
    size += std::pow(double{expected[i]}, 2);
  }
  ASSERT_GT(size, 0);
  EXPECT_LE(std::sqrt(difference / size), share);
}

void expect_close(const Parameters& results, const Parameters& expected, double share) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(expected[i].name);
    expect_close(results[i].weights, expected[i].weights, share);
    expect_close(results[i].bias, expected[i].bias, share);
  }
}

struct Subject {
  Precision precision = Precision::fp32;
  bool narrow = true;
};

void PrintTo(const Subject& subject, std::ostream* stream) {
  *stream << (subject.narrow ? "narrow, " : "wide, ") << to_string(subject.precision);
}

// Of an explanation. Among a wide network's 350,000 ReLUs an image some open on one side only: in
// fp32 none in most pictures, which then agree to 3e-6, and one or two in others, to 4e-3. Fewer
// digits let hundreds differ: shares of 0.04 to 0.08 in tf32 and fp16, of 0.13 to 0.18 in bf16.
double explanation_tolerance(const Subject& subject) {
  if (subject.narrow) return kBackward * tolerance(subject.precision);
  switch (subject.precision) {
    case Precision::fp32: return 0.01;
    case Precision::tf32:
    case Precision::fp16: return 0.12;
    case Precision::bf16: return 0.3;
  }
  return 0;
}

// All-CNN-C itself takes the emulation minutes: test_simt_network_full asks for it.
std::vector<Subject> subjects() {
  const bool wide = !simt::is_emulated() || std::getenv("SIMT_WIDE_NETWORKS") != nullptr;
  std::vector<Subject> subjects;
  for (const Precision precision : kernels::kPrecisions) {
    subjects.push_back({.precision = precision});
    if (wide) subjects.push_back({.precision = precision, .narrow = false});
  }
  return subjects;
}

class OnGpu : public testing::TestWithParam<Subject> {
 protected:
  const NetworkDescription network_ = GetParam().narrow ? narrow_all_cnn() : all_cnn();
  ThreadPool pool_{1};
};

// Three images in a plan for four: the batch is filled up.
TEST_P(OnGpu, InferenceAgreesWithTheCpu) {
  const Graph graph = make_graph(network_, PassMode::inference);
  const Pictures pictures(network_, 3);
  Executor cpu(make_batch_plan(graph, 3, {}), 3, pool_);
  const Answer expected = answer_of(cpu, network_, pictures.batch());
  const auto gpu = make_cuda_executor(graph, 4, BatchInput::pixels, on_gpu(GetParam().precision));
  const Answer answer = answer_of(*gpu, network_, pictures.batch());
  expect_close(answer.logits, expected.logits, tolerance(GetParam().precision));
  expect_close(answer.probabilities, expected.probabilities, tolerance(GetParam().precision));
  EXPECT_EQ(gpu->notes(), std::vector<std::string>{});
  expect_no_faults();
}

TEST_P(OnGpu, PreparedInputIsTaken) {
  const Graph graph = make_graph(network_, PassMode::inference);
  Floats input(static_cast<std::size_t>(2 * network_.input.size()));
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 13) / 8 - 0.75F;
  const Batch batch{.images = 2, .input = input.data(), .scaling = {}};
  Executor cpu(make_batch_plan(graph, 2, {}), 2, pool_);
  const auto gpu = make_cuda_executor(graph, 2, BatchInput::prepared, on_gpu(GetParam().precision));
  expect_close(answer_of(*gpu, network_, batch).logits, answer_of(cpu, network_, batch).logits,
               tolerance(GetParam().precision));
  expect_no_faults();
}

TEST_P(OnGpu, EveryRuleOfExplanationAgreesWithTheCpu) {
  const Pictures pictures(network_, 2);
  for (const ReluRule rule : {ReluRule::gradient, ReluRule::deconvnet, ReluRule::guided}) {
    const Graph graph = make_graph(network_, PassMode::explain, rule);
    Executor cpu(make_batch_plan(graph, 2, {}), 2, pool_);
    const Answer expected = answer_of(cpu, network_, pictures.batch(), true);
    const auto gpu = make_cuda_executor(graph, 2, BatchInput::pixels, on_gpu(GetParam().precision));
    const Answer answer = answer_of(*gpu, network_, pictures.batch(), true);
    expect_close(answer.input_gradient, expected.input_gradient, explanation_tolerance(GetParam()));
    expect_no_faults();
  }
}

// Weights and velocities after a step, with dropout, flips and shifts.
TEST_P(OnGpu, ATrainingStepAgreesWithTheCpu) {
  const Graph graph = make_graph(network_, PassMode::training);
  const Parameters start = random_parameters(network_);
  const Pictures pictures(network_, 5);
  CpuTraining cpu(make_batch_plan(graph, 5, {}), start, 5, pool_);
  const auto gpu =
      make_cuda_training(graph, start, 6, BatchInput::pixels, on_gpu(GetParam().precision));
  const auto after_a_step = [&](TrainingExecutor& training) {
    Floats losses(5);
    Floats probabilities(5 * kClasses);
    Batch batch = pictures.batch();
    batch.losses = losses.data();
    batch.probabilities = probabilities.data();
    batch.seed = 3;
    batch.step = 11;
    training.step(batch, {.rate = 0.1});
    Parameters velocities = zero_parameters(network_);
    training.read_velocities(velocities);
    Parameters weights = zero_parameters(network_);
    training.read_weights(weights);
    return std::pair(losses, std::pair(velocities, weights));
  };
  const auto [expected_losses, expected] = after_a_step(cpu);
  const auto [losses, results] = after_a_step(*gpu);
  expect_close(losses, expected_losses, tolerance(GetParam().precision));
  expect_close(results.first, expected.first, kBackward * tolerance(GetParam().precision));
  expect_close(results.second, expected.second, kBackward * tolerance(GetParam().precision));
  expect_no_faults();
}

INSTANTIATE_TEST_SUITE_P(Networks, OnGpu, testing::ValuesIn(subjects()), [](const auto& info) {
  return std::string(info.param.narrow ? "narrow_" : "wide_") +
         std::string(to_string(info.param.precision));
});

// Batches in all three slots at once, started and finished in turns; their host memory is changed
// as soon as start() returns.
TEST(CudaExecutor, BatchesInThreeSlotsKeepApart) {
  const NetworkDescription network = narrow_all_cnn();
  const Graph graph = make_graph(network, PassMode::inference);
  const Pictures pictures(network, 5);
  const auto gpu = make_cuda_executor(graph, 1, BatchInput::pixels, on_gpu(Precision::fp32));
  gpu->load(random_parameters(network));
  ASSERT_EQ(gpu->slots(), 3);
  const auto batch_of = [&](int image) {
    Batch batch = pictures.batch();
    batch.images = 1;
    batch.pixels = pictures.pointers.data() + image;
    batch.moves = nullptr;
    return batch;
  };
  std::vector<Answer> alone(5, Answer(network, 1));
  std::vector<Answer> together = alone;
  for (int image = 0; image < 5; ++image) {
    Batch batch = batch_of(image);
    alone[static_cast<std::size_t>(image)].receive(batch, false);
    gpu->run(batch);
  }
  std::vector<std::uint8_t> scratch(static_cast<std::size_t>(network.input.size()));
  const std::uint8_t* const pointer = scratch.data();
  const auto start = [&](int image) {
    std::copy_n(pictures.pointers[static_cast<std::size_t>(image)], scratch.size(),
                scratch.begin());
    Batch batch = batch_of(image);
    batch.pixels = &pointer;
    gpu->start(batch, image % 3);
  };
  for (int image = 0; image < 5 + 2; ++image) {
    if (image < 5) start(image);
    if (image < 2) continue;
    Batch batch = batch_of(image - 2);
    together[static_cast<std::size_t>(image - 2)].receive(batch, false);
    gpu->finish(batch, (image - 2) % 3);
  }
  for (std::size_t image = 0; image < 5; ++image) {
    EXPECT_EQ(together[image].logits, alone[image].logits) << image;
  }
  expect_no_faults();
}

// Where the runtime has no graphs the same launches go out singly, and the executor says so.
TEST(CudaExecutor, WorksWithoutGraphs) {
  const NetworkDescription network = narrow_all_cnn();
  const Graph graph = make_graph(network, PassMode::inference);
  const Pictures pictures(network, 2);
  const auto logits_of = [&](NetworkExecutor& executor) {
    return answer_of(executor, network, pictures.batch()).logits;
  };
  const auto with = make_cuda_executor(graph, 2, BatchInput::pixels, on_gpu(Precision::fp32));
  const Floats expected = logits_of(*with);
  const WithGraphs none(false);
  const auto without = make_cuda_executor(graph, 2, BatchInput::pixels, on_gpu(Precision::fp32));
  EXPECT_EQ(logits_of(*without), expected);
  EXPECT_EQ(without->notes().size(), 1U);
  expect_no_faults();
}

// Whatever warp moves first, the bits are the same: nothing reads what another has yet to write.
TEST(CudaExecutor, OrdersOfWarpsChangeNoBit) {
  const NetworkDescription network = narrow_all_cnn();
  const Graph graph = make_graph(network, PassMode::explain, ReluRule::guided);
  const Pictures pictures(network, 1);
  const simt::Settings before = simt::settings();
  std::vector<Floats> results;
  using enum simt::WarpOrder;
  for (const simt::WarpOrder order : {random, greedy, reverse_greedy}) {
    simt::Settings changed = before;
    changed.order = order;
    simt::configure(changed);
    const auto gpu = make_cuda_executor(graph, 1, BatchInput::pixels, on_gpu(Precision::fp16));
    results.push_back(answer_of(*gpu, network, pictures.batch(), true).input_gradient);
  }
  simt::configure(before);
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
  expect_no_faults();
}

}  // namespace
}  // namespace allconv
