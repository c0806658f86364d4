// bench_epoch: what an epoch of training costs beside its bare steps, which find prepared numbers
// in memory: images drawn, moved and prepared, with each kind of preparation. Turn about in one
// process, on random pixels.
//
//     bench_epoch all-cnn-c --batch-size 128 --rounds 9
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "bench/network_bench.hpp"
#include "bench/timing.hpp"
#include "engine/data/standardize.hpp"
#include "engine/data/whitening.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/graph/networks.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/train/trainer.hpp"

namespace allconv {

namespace {

struct Options {
  std::string network = "all-cnn-c";
  int threads = available_threads();
  int batch_size = 128;
  int rounds = 9;
  int steps = 10;  // of an epoch, and of a turn
};

using Clock = std::chrono::steady_clock;

template <class Work>
double seconds_of(const Work& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

TrainingSet random_pictures(const NetworkDescription& network, std::size_t count) {
  TrainingSet set;
  set.target = {.height = network.input.height, .width = network.input.width};
  set.classes.resize(static_cast<std::size_t>(class_count(network)));
  set.pixels = kernels::Buffer<std::uint8_t>(count * set.target.bytes());
  std::mt19937 random(1);
  for (std::uint8_t& pixel : set.pixels.span()) pixel = static_cast<std::uint8_t>(random());
  for (std::size_t i = 0; i < count; ++i)
    set.labels.push_back(static_cast<int>(i % set.classes.size()));
  return set;
}

// Epochs at a rate so small that the weights hardly move.
class Epochs {
 public:
  Epochs(Model model, const TrainingSet& set, const Options& options, ThreadPool& pool)
      : trainer_(std::move(model), set,
                 {.batch_size = options.batch_size,
                  .learning_rate = 1e-9,
                  .schedule = {},
                  .augmentation = {.flip = true, .shift = 5},
                  .plan = {}},
                 pool) {}

  double seconds() {
    return seconds_of([this] { trainer_.run_epoch(epoch_++, {.progress = {}, .cancelled = {}}); });
  }

 private:
  Trainer trainer_;
  int epoch_ = 0;
};

class Rounds {
 public:
  explicit Rounds(const Options& options)
      : options_(options),
        pool_(options.threads),
        network_(make_network(options.network, {}, 10)),
        set_(random_pictures(network_,
                             static_cast<std::size_t>(options.batch_size * options.steps))),
        bare_(network_, initial_parameters(network_, WeightRule::he, 1),
              {.mode = PassMode::training, .batch_size = options.batch_size}, pool_),
        standardized_(model({.prepare = standardize(set_, pool_), .tensors = {}}), set_, options,
                      pool_),
        whitened_(model(fit_gcn_zca(set_, pool_)), set_, options, pool_) {}

  void run() {
    bare();
    standardized_.seconds();
    whitened_.seconds();
    std::vector<double> rates, with_standardize, with_whitening;
    for (int round = 0; round < options_.rounds; ++round) {
      const double seconds = bare();
      rates.push_back(static_cast<double>(set_.size()) / seconds);
      with_standardize.push_back(standardized_.seconds() / seconds);
      with_whitening.push_back(whitened_.seconds() / seconds);
    }
    fmt::print("{}, {}, batch {}, {} threads, median of {} rounds\n", device_text(),
               options_.network, options_.batch_size, options_.threads, options_.rounds);
    fmt::print("bare steps {:.0f} images/s\n", Timing(rates).median());
    print("standardize", with_standardize);
    print("gcn-zca", with_whitening);
  }

 private:
  Model model(FittedPreparation fitted) const {
    return {.network = network_,
            .classes = set_.classes,
            .prepare = fitted.prepare,
            .parameters = initial_parameters(network_, WeightRule::he, 1),
            .other_tensors = std::move(fitted.tensors),
            .other_metadata = {}};
  }

  double bare() {
    return seconds_of([this] {
      for (int step = 0; step < options_.steps; ++step) bare_.iterate();
    });
  }

  static void print(const char* name, const std::vector<double>& ratios) {
    const Timing timing(ratios);
    fmt::print("an epoch with {}: {:.3f} of them ({:.3f} to {:.3f})\n", name, timing.median(),
               timing.quantile(0), timing.quantile(1));
  }

  const Options& options_;
  ThreadPool pool_;
  NetworkDescription network_;
  TrainingSet set_;
  NetworkRun bare_;
  Epochs standardized_, whitened_;
};

}  // namespace

}  // namespace allconv

int main(int count, char** arguments) try {
  allconv::Options options;
  CLI::App app("Measures what an epoch of training costs beside its bare steps.");
  app.add_option("network", options.network, "a network's name");
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 1024));
  app.add_option("--batch-size", options.batch_size)->check(CLI::PositiveNumber);
  app.add_option("--rounds", options.rounds)->check(CLI::PositiveNumber);
  app.add_option("--steps", options.steps, "of an epoch")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, count, arguments);
  allconv::Rounds(options).run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_epoch: %s\n", error.what());
  return 1;
}
