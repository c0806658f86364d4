// bench_shared_core: how much of a core's remaining share inference keeps when another program
// takes its half. Turn about in one process: one thread, all threads, and all threads beside a busy
// loop that is bound to one core, another core each round.
//
//     bench_shared_core all-cnn-c --batch-size 32 --rounds 7
//
// The loop leaves half of one core. Fair is the mean of the rates with and without that core.
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "bench/network_bench.hpp"
#include "bench/timing.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/graph/networks.hpp"
#include "engine/runtime/cpu/cores.hpp"
#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

// Of all threads over one, on a machine that has its cores for itself.
constexpr double kLeastGain = 1.5;

struct Options {
  std::string network = "all-cnn-c";
  int threads = available_threads();
  int batch_size = 32;
  int rounds = 7;
  double seconds = 0.5;  // of each measurement
};

// Keeps one core busy while it lives, as a program of the same priority would.
class BusyLoop {
 public:
  explicit BusyLoop(int core) : thread_([this] { spin(); }) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(core, &only);
    const int error = pthread_setaffinity_np(thread_.native_handle(), sizeof only, &only);
    if (error == 0) return;
    stop();
    throw std::system_error(error, std::generic_category(), "pthread_setaffinity_np");
  }
  ~BusyLoop() { stop(); }
  BusyLoop(const BusyLoop&) = delete;
  BusyLoop& operator=(const BusyLoop&) = delete;

 private:
  void spin() {
    while (!stopping_.load(std::memory_order_relaxed)) continue;
  }
  void stop() {
    stopping_ = true;
    thread_.join();
  }

  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class Rounds {
 public:
  explicit Rounds(const Options& options)
      : options_(options),
        one_(1),
        all_(options.threads),
        network_(make_network(options.network, {}, 10)),
        parameters_(initial_parameters(network_, WeightRule::he, 1)),
        alone_(network_, parameters_, {.batch_size = options.batch_size}, one_),
        together_(network_, parameters_, {.batch_size = options.batch_size}, all_) {}

  void run() {
    const std::vector<int> cores = allowed_cores();
    if (cores.empty()) throw Error(ErrorKind::device, "the system does not name its cores");
    std::vector<double> alone, together, beside, kept;
    for (int round = 0; round < options_.rounds; ++round) {
      alone.push_back(rate(alone_));
      together.push_back(rate(together_));
      const BusyLoop busy(cores[static_cast<std::size_t>(round) % cores.size()]);
      beside.push_back(rate(together_));
      // With n threads the others than the busy core's do (n - 1) / n of the work.
      const double others = options_.threads == 2
                                ? alone.back()
                                : together.back() * (options_.threads - 1) / options_.threads;
      kept.push_back(beside.back() / ((others + together.back()) / 2));
    }
    const Timing shares(kept);
    fmt::print("{}, {}, batch {}, {} threads, median of {} rounds\n", device_text(),
               options_.network, options_.batch_size, options_.threads, options_.rounds);
    fmt::print("one thread {:.0f} images/s, all {:.0f}, all beside a busy loop {:.0f}\n",
               Timing(alone).median(), Timing(together).median(), Timing(beside).median());
    fmt::print("kept of the fair share: {:.3f} ({:.3f} to {:.3f})\n", shares.median(),
               shares.quantile(0), shares.quantile(1));
    // Where other programs hold the cores already, there is no share to compare with.
    if (Timing(together).median() < kLeastGain * Timing(alone).median()) {
      fmt::print(
          "the machine is not idle: all threads are hardly faster than one, and the share "
          "says nothing\n");
    }
  }

 private:
  // Images a second, waiting included: a mean, since a stall is what is looked for.
  double rate(NetworkRun& run) const {
    using Clock = std::chrono::steady_clock;
    run.iterate();
    const auto start = Clock::now();
    double seconds = 0;
    int images = 0;
    while (seconds < options_.seconds) {
      run.iterate();
      images += options_.batch_size;
      seconds = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return images / seconds;
  }

  const Options& options_;
  ThreadPool one_, all_;
  NetworkDescription network_;
  Parameters parameters_;
  NetworkRun alone_, together_;
};

}  // namespace

}  // namespace allconv

int main(int count, char** arguments) try {
  allconv::Options options;
  CLI::App app("Measures inference beside a busy loop on one core, against the fair share.");
  app.add_option("network", options.network, "a network's name");
  app.add_option("--threads", options.threads)->check(CLI::Range(2, 1024));
  app.add_option("--batch-size", options.batch_size)->check(CLI::PositiveNumber);
  app.add_option("--rounds", options.rounds)->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, count, arguments);
  allconv::Rounds(options).run();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_shared_core: %s\n", error.what());
  return 1;
}
