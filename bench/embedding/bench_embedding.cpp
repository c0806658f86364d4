// What embedding costs: a score of one image through the C++ header beside the engine's own call,
// in turns; and the time from nothing to a first score, each in a process of its own.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/embedding/header_side.hpp"
#include "engine/execute/network_executor.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/prepare/pixel_scaling.hpp"
#include "engine/runtime/cpu/device.hpp"

namespace allconv::bench {

namespace {

double seconds_of(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The executor's own call for one image, without the header.
class EngineCall {
 public:
  EngineCall(const Model& model, const std::uint8_t* pixels, int threads)
      : pool_(threads), pixels_(pixels), values_(2 * model.classes.size()) {
    executor_ = make_network_executor(make_graph(model.network, PassMode::inference),
                                      {.allowed = 1, .expected = 1}, BatchInput::pixels,
                                      {.threads = threads}, pool_);
    executor_->load(model.parameters);
    batch_.images = 1;
    batch_.pixels = &pixels_;
    batch_.scaling = pixel_scaling(model.prepare);
    batch_.logits = values_.data();
    batch_.probabilities = values_.data() + model.classes.size();
  }

  void operator()() { executor_->run(batch_); }

 private:
  ThreadPool pool_;
  const std::uint8_t* pixels_;
  std::vector<float> values_;
  std::unique_ptr<NetworkExecutor> executor_;
  Batch batch_;
};

void compare_calls(const std::string& path, int threads, int rounds) {
  const Model model = read_model(path);
  const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(model.network.input.size()), 99);
  EngineCall engine(model, pixels.data(), threads);
  const auto header = header_call(path, pixels.data(), threads);
  std::vector<double> engine_seconds, header_seconds, differences;
  for (int round = 0; round < rounds; ++round) {
    engine_seconds.push_back(seconds_of([&] { engine(); }));
    header_seconds.push_back(seconds_of(header));
    differences.push_back(header_seconds.back() - engine_seconds.back());
  }
  constexpr double kMicro = 1e6;
  fmt::print(
      "{} thread{}: engine {:.1f} us, header {:.1f} us, difference {:.2f} us (medians of {})\n",
      threads, threads == 1 ? "" : "s", kMicro * median(engine_seconds),
      kMicro * median(header_seconds), kMicro * median(differences), rounds);
}

// Seconds that this program, started anew, says a first score takes.
double first_score_elsewhere(const std::string& program, const std::string& path) {
  const std::string command = fmt::format("'{}' --once '{}'", program, path);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  double seconds = -1;
  if (pipe == nullptr || std::fscanf(pipe.get(), "%lf", &seconds) != 1) seconds = -1;
  return seconds;
}

int run(int count, char** arguments) {
  CLI::App app("What embedding costs: calls through the C++ header, and the first score.");
  std::string path;
  int rounds = 3000, starts = 21;
  bool once = false;
  app.add_option("MODEL", path, "a model file")->required();
  app.add_option("--rounds", rounds, "calls of each kind")->check(CLI::PositiveNumber);
  app.add_option("--starts", starts, "processes that score once")->check(CLI::PositiveNumber);
  app.add_flag("--once", once, "print the seconds of a first score, and end");
  CLI11_PARSE(app, count, arguments);
  if (once) {
    fmt::print("{:.6f}\n", first_score_seconds(path));
    return 0;
  }
  fmt::print("{}\n", device_text());
  for (const int threads : {1, 2}) compare_calls(path, threads, rounds);
  std::vector<double> seconds;
  for (int i = 0; i < starts; ++i) seconds.push_back(first_score_elsewhere(arguments[0], path));
  fmt::print("first score in a fresh process: {:.1f} ms (median of {})\n", 1e3 * median(seconds),
             starts);
  return 0;
}

}  // namespace

}  // namespace allconv::bench

int main(int count, char** arguments) { return allconv::bench::run(count, arguments); }
