// compare_onednn: this project's executor against oneDNN driven directly, on All-CNN-C without its
// dropout layers, in one process. The two take turns in random order; before each turn both thread
// pools have had time to fall asleep. Results are compared before anything is timed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/network_bench.hpp"
#include "bench/onednn/direct_network.hpp"
#include "bench/timing.hpp"
#include "engine/graph/networks.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/atomic_file.hpp"
#include "engine/train/initialise.hpp"

namespace allconv {

namespace {

struct Options {
  std::vector<std::string> heads = {"valid", "same"};
  std::vector<std::string> modes = {"inference", "training"};
  std::vector<int> batch_sizes = {1, 32, 128};
  std::vector<int> threads = {1, 2};
  int alternations = 15;
  double seconds = 6;          // a cell ends after either, but not before three alternations
  bool any_algorithm = false;  // lets oneDNN choose between direct and Winograd
  std::string output;          // JSON, empty: none
};

struct Cell {
  std::string head;
  PassMode mode = PassMode::inference;
  int batch_size = 1;
  int threads = 1;
};

struct CellResult {
  Cell cell;
  std::vector<double> ratios;           // throughput, ours over oneDNN's, ascending
  double our_rate = 0, their_rate = 0;  // images/s, medians
  double logits_error = 0;              // largest, relative to the largest value
  double gradient_error = 0;            // of the worst layer, relative, in norm
};

// The largest difference, relative to the largest value.
double relative_error(const std::vector<float>& ours, const std::vector<float>& theirs) {
  double difference = 0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double distance = std::abs(static_cast<double>(ours[i]) - theirs[i]);
    // Written so that NaN counts as a difference.
    if (!(distance <= difference)) difference = distance;
    largest = std::max(largest, std::abs(static_cast<double>(theirs[i])));
  }
  return difference / largest;
}

// The norm of the difference, relative to the norm. A unit whose input is zero up to rounding may
// pass its ReLU on one side only, so single elements say little.
double relative_norm(const std::vector<float>& ours, const std::vector<float>& theirs) {
  double difference = 0;
  double norm = 1e-30;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    difference += std::pow(static_cast<double>(ours[i]) - theirs[i], 2);
    norm += std::pow(static_cast<double>(theirs[i]), 2);
  }
  return std::sqrt(difference / norm);
}

double gradient_error(const Parameters& ours, const Parameters& theirs) {
  double worst = 0;
  for (std::size_t layer = 0; layer < ours.size(); ++layer) {
    const double weights = relative_norm(ours[layer].weights, theirs[layer].weights);
    const double bias = relative_norm(ours[layer].bias, theirs[layer].bias);
    for (const double error : {weights, bias}) {
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

NetworkDescription network_of(const Cell& cell) {
  constexpr int kClasses = 10;
  NetworkOptions options;
  options.head_same = cell.head == "same";
  NetworkDescription network = make_network("all-cnn-c", options, kClasses);
  std::erase_if(network.layers,
                [](const Layer& layer) { return std::holds_alternative<DropoutLayer>(layer); });
  return network;
}

// Seconds of one iteration, over as many as fill a turn.
class Turns {
 public:
  explicit Turns(FunctionRef<void()> iterate) : iterate_(iterate) {
    constexpr double kTurnSeconds = 0.1;
    const double once =
        measure({.warmup = 2, .iterations = 3, .budget = kTurnSeconds}, iterate).min();
    iterations_ = std::max(1, static_cast<int>(kTurnSeconds / once));
  }

  void take() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    // The first iteration wakes the threads and is not counted; it does not matter where it is
    // long.
    if (iterations_ > 1) iterate_();
    const auto whole = [this] {
      for (int i = 0; i < iterations_; ++i) iterate_();
    };
    seconds_.push_back(measure({.warmup = 0, .iterations = 1}, whole).min() / iterations_);
  }

  const std::vector<double>& seconds() const { return seconds_; }

 private:
  FunctionRef<void()> iterate_;
  int iterations_ = 1;
  std::vector<double> seconds_;
};

void alternate(Turns& ours, Turns& theirs, const Options& options) {
  constexpr int kLeast = 3;
  std::mt19937 random(static_cast<unsigned>(options.alternations));
  const auto start = std::chrono::steady_clock::now();
  for (int turn = 0; turn < options.alternations; ++turn) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    if (turn >= kLeast && spent.count() > options.seconds) break;
    const bool ours_first = random() % 2 == 0;
    (ours_first ? ours : theirs).take();
    (ours_first ? theirs : ours).take();
  }
}

CellResult compare(const Cell& cell, const Options& options) {
  const NetworkDescription network = network_of(cell);
  const Parameters parameters = he_initial(network, 1);
  ThreadPool pool(cell.threads);
  NetworkRun run(network, parameters,
                 {.mode = cell.mode, .batch_size = cell.batch_size, .plan = {}}, pool);
  const auto algorithm = options.any_algorithm ? dnnl::algorithm::convolution_auto
                                               : dnnl::algorithm::convolution_direct;
  DirectNetwork direct(network, parameters,
                       {.mode = cell.mode,
                        .batch_size = cell.batch_size,
                        .threads = cell.threads,
                        .algorithm = algorithm,
                        .sgd = {.rate = kBenchLearningRate}});
  direct.set_batch(run.input(), run.labels());
  run.iterate();
  direct.iterate();
  CellResult result{.cell = cell, .ratios = {}};
  result.logits_error = relative_error(run.logits(), direct.logits());
  if (cell.mode == PassMode::training) {
    result.gradient_error = gradient_error(run.gradients(), direct.gradients());
  }
  const auto our_iteration = [&] { run.iterate(); };
  const auto their_iteration = [&] { direct.iterate(); };
  Turns ours(our_iteration);
  Turns theirs(their_iteration);
  alternate(ours, theirs, options);
  for (std::size_t i = 0; i < ours.seconds().size(); ++i) {
    result.ratios.push_back(theirs.seconds()[i] / ours.seconds()[i]);
  }
  std::sort(result.ratios.begin(), result.ratios.end());
  result.our_rate = cell.batch_size / Timing(ours.seconds()).median();
  result.their_rate = cell.batch_size / Timing(theirs.seconds()).median();
  return result;
}

std::vector<Cell> cells_of(const Options& options) {
  std::vector<Cell> cells;
  for (const std::string& head : options.heads) {
    for (const std::string& mode : options.modes) {
      const bool training = mode == "training";
      for (const int batch_size : options.batch_sizes) {
        for (const int threads : options.threads) {
          cells.push_back({.head = head,
                           .mode = training ? PassMode::training : PassMode::inference,
                           .batch_size = batch_size,
                           .threads = threads});
        }
      }
    }
  }
  return cells;
}

std::string table_row(const CellResult& result) {
  const Cell& cell = result.cell;
  return fmt::format("| {} | {} | {} | {} | {:.1f} | {:.1f} | {:.3f} | {:.3f} to {:.3f} |\n",
                     cell.head, to_string(cell.mode), cell.batch_size, cell.threads,
                     result.our_rate, result.their_rate, Timing(result.ratios).median(),
                     result.ratios.front(), result.ratios.back());
}

std::string to_json(const std::vector<CellResult>& results) {
  nlohmann::ordered_json json;
  json["device"] = device_text();
  json["network"] = "all-cnn-c";
  json["cells"] = nlohmann::ordered_json::array();
  for (const CellResult& result : results) {
    json["cells"].push_back({{"head", result.cell.head},
                             {"mode", to_string(result.cell.mode)},
                             {"batch_size", result.cell.batch_size},
                             {"threads", result.cell.threads},
                             {"images_per_second", result.our_rate},
                             {"onednn_images_per_second", result.their_rate},
                             {"ratio_median", Timing(result.ratios).median()},
                             {"ratios", result.ratios},
                             {"logits_error", result.logits_error},
                             {"gradient_error", result.gradient_error}});
  }
  return json.dump(2) + "\n";
}

// Returns whether all results agreed.
bool run(const Options& options) {
  constexpr double kTolerance = 1e-4;
  constexpr double kGradientTolerance = 1e-3;
  fmt::print(
      "{}\n\n| head | mode | batch | threads | images/s | oneDNN | ratio | range |\n"
      "|---|---|---|---|---|---|---|---|\n",
      device_text());
  std::vector<CellResult> results;
  bool agree = true;
  for (const Cell& cell : cells_of(options)) {
    results.push_back(compare(cell, options));
    fmt::print("{}", table_row(results.back()));
    std::fflush(stdout);
    const bool same = results.back().logits_error <= kTolerance &&
                      results.back().gradient_error <= kGradientTolerance;
    if (!same) {
      fmt::print(stderr, "results differ: logits by {:.2e}, gradients by {:.2e}\n",
                 results.back().logits_error, results.back().gradient_error);
      agree = false;
    }
  }
  if (!options.output.empty()) write_file_atomically(options.output, to_json(results));
  return agree;
}

}  // namespace

}  // namespace allconv

int main(int count, char** arguments) {
  allconv::Options options;
  CLI::App app("Compares All-CNN-C on this project's executor with oneDNN driven directly.");
  app.add_option("--heads", options.heads, "valid, same")->delimiter(',');
  app.add_option("--modes", options.modes, "inference, training")->delimiter(',');
  app.add_option("--batch-sizes", options.batch_sizes)->delimiter(',');
  app.add_option("--threads", options.threads)->delimiter(',');
  app.add_option("--alternations", options.alternations, "turns of each side, at most");
  app.add_option("--seconds", options.seconds, "after which a cell ends");
  app.add_flag("--any-algorithm", options.any_algorithm, "let oneDNN choose the algorithm");
  app.add_option("-o,--output", options.output, "results as JSON");
  CLI11_PARSE(app, count, arguments);
  try {
    return allconv::run(options) ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "compare_onednn: {}\n", error.what());
    return 1;
  }
}
