#include "bench/network_bench.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <random>

#include "engine/execute/network_executor.hpp"
#include "engine/execute/training_executor.hpp"

namespace allconv {

namespace {

constexpr std::uint64_t kSeed = 1;
constexpr int kStepPasses = 5;

Graph graph_for(const NetworkDescription& network, PassMode mode) {
  return make_graph(network, mode,
                    mode == PassMode::explain ? ReluRule::guided : ReluRule::gradient);
}

PlanOptions plan_options(const NetworkBenchOptions& options, const ThreadPool& pool) {
  PlanOptions plan = options.plan;
  plan.threads = pool.threads();
  return plan;
}

}  // namespace

struct NetworkRun::State {
  PassMode mode;
  std::unique_ptr<NetworkExecutor> network;    // inference and explain
  std::unique_ptr<TrainingExecutor> training;  // training
  Parameters gradients;
  std::vector<float> input, logits, probabilities, losses, input_gradient;
  std::vector<std::int32_t> labels;
  Batch batch;

  State(const NetworkDescription& description, const Parameters& start,
        const NetworkBenchOptions& options, ThreadPool& pool)
      : mode(options.mode), gradients(zero_parameters(description)) {
    make_executor(description, start, options, pool);
    const auto images = static_cast<std::size_t>(options.batch_size);
    const auto classes = static_cast<std::size_t>(class_count(description));
    input.resize(images * static_cast<std::size_t>(description.input.size()));
    labels.resize(images);
    logits.resize(images * classes);
    probabilities.resize(images * classes);
    losses.resize(images);
    std::mt19937_64 random(kSeed);
    std::normal_distribution<float> pixels;
    for (float& value : input) value = pixels(random);
    for (auto& label : labels) label = static_cast<std::int32_t>(random() % classes);
    batch.images = options.batch_size;
    batch.input = input.data();
    batch.logits = logits.data();
    batch.probabilities = probabilities.data();
    batch.seed = kSeed;
    if (mode == PassMode::training) {
      batch.labels = labels.data();
      batch.losses = losses.data();
    }
    if (mode == PassMode::explain) {
      input_gradient.resize(input.size());
      batch.input_gradient = input_gradient.data();
    }
  }

  void make_executor(const NetworkDescription& description, const Parameters& start,
                     const NetworkBenchOptions& options, ThreadPool& pool) {
    const Graph graph = graph_for(description, mode);
    const PlanOptions plan = plan_options(options, pool);
    if (mode == PassMode::training) {
      training = make_training_executor(graph, start, options.batch_size, BatchInput::prepared,
                                        plan, pool);
      return;
    }
    network = make_network_executor(graph,
                                    {.allowed = options.batch_size, .expected = options.batch_size},
                                    BatchInput::prepared, plan, pool);
    network->load(start);
  }

  const Plan& plan() const { return training ? training->plan() : network->plan(); }

  void iterate() {
    if (network) return network->run(batch);
    training->step(batch, {.rate = kBenchLearningRate});
    ++batch.step;
  }

  void run_observed(StepObserver observe) {
    if (network) return network->run_observed(batch, observe);
    training->run_observed(batch, observe);
  }
};

NetworkRun::NetworkRun(const NetworkDescription& network, const Parameters& parameters,
                       const NetworkBenchOptions& options, ThreadPool& pool)
    : state_(std::make_unique<State>(network, parameters, options, pool)) {}

NetworkRun::~NetworkRun() = default;

void NetworkRun::iterate() { state_->iterate(); }

const std::vector<float>& NetworkRun::input() const { return state_->input; }
const std::vector<std::int32_t>& NetworkRun::labels() const { return state_->labels; }
const std::vector<float>& NetworkRun::logits() const { return state_->logits; }
const std::vector<float>& NetworkRun::input_gradient() const { return state_->input_gradient; }
const Parameters& NetworkRun::gradients() const {
  state_->training->read_gradient(state_->gradients);
  return state_->gradients;
}

std::vector<StepTime> NetworkRun::time_steps(int passes, Cancelled cancelled) {
  const Plan& plan = state_->plan();
  std::vector<std::vector<double>> seconds(plan.steps.size());
  for (int pass = 0; pass < passes; ++pass) {
    stop_if(cancelled);
    for (auto& of_step : seconds) of_step.push_back(0);
    state_->run_observed([&](std::size_t step, double time) { seconds[step].back() += time; });
  }
  std::vector<StepTime> result;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const double median = Timing(std::move(seconds[i])).median();
    const double flops = step.flops / plan.images * state_->batch.images;
    result.push_back({.layer = step.layer,
                      .kernel = step.kernel.empty() ? "executor" : step.kernel,
                      .milliseconds = median * 1e3,
                      .gflops = median > 0 ? flops / median * 1e-9 : 0});
  }
  return result;
}

NetworkBenchResult bench_network(const NetworkDescription& network, const Parameters& parameters,
                                 const NetworkBenchOptions& options, ThreadPool& pool) {
  NetworkRun run(network, parameters, options, pool);
  const TimingOptions timing{
      .warmup = options.warmup, .iterations = options.iterations, .cancelled = options.cancelled};
  NetworkBenchResult result{.network = network.name,
                            .mode = options.mode,
                            .device = options.device,
                            .precision = std::string(to_string(precision_of(options.plan))),
                            .threads = pool.threads(),
                            .batch_size = options.batch_size,
                            .iteration = measure(timing, [&] { run.iterate(); }),
                            .steps = {}};
  result.steps = run.time_steps(kStepPasses, options.cancelled);
  return result;
}

std::string_view to_string(PassMode mode) {
  switch (mode) {
    case PassMode::inference: return "inference";
    case PassMode::training: return "training";
    case PassMode::explain: return "explain";
    case PassMode::peaks: return "peaks";
  }
  return "unknown";
}

std::string to_json(const NetworkBenchResult& result) {
  nlohmann::ordered_json json;
  json["network"] = result.network;
  json["mode"] = to_string(result.mode);
  json["device"] = result.device;
  json["threads"] = result.threads;
  json["precision"] = result.precision;
  json["batch_size"] = result.batch_size;
  json["images_per_second"] = {{"median", result.images_per_second(0.5)},
                               {"p10", result.images_per_second(0.1)},
                               {"p90", result.images_per_second(0.9)}};
  json["layers"] = nlohmann::ordered_json::array();
  for (const StepTime& step : result.steps) {
    json["layers"].push_back({{"name", step.layer},
                              {"kernel", step.kernel},
                              {"milliseconds", step.milliseconds},
                              {"gflops", step.gflops}});
  }
  return json.dump(2) + "\n";
}

std::string to_text(const NetworkBenchResult& result) {
  std::string text = fmt::format(
      "{} {}, batch {}, {}, {} threads on {}\n"
      "{:.1f} images/s (p10 {:.1f}, p90 {:.1f}) over {} iterations\n\n"
      "Step by step, the whole batch on one thread or GPU:\n{:>11} {:>9}  {:<28} {}\n",
      result.network, to_string(result.mode), result.batch_size, result.precision, result.threads,
      result.device, result.images_per_second(0.5), result.images_per_second(0.1),
      result.images_per_second(0.9), result.iteration.count(), "ms", "GFLOP/s", "layer", "kernel");
  double total = 0;
  for (const StepTime& step : result.steps) {
    total += step.milliseconds;
    text += fmt::format("{:>11.3f} {:>9.1f}  {:<28} {}\n", step.milliseconds, step.gflops,
                        step.layer, step.kernel);
  }
  return text + fmt::format("{:>11.3f} {:>9}  all steps\n", total, "");
}

}  // namespace allconv
