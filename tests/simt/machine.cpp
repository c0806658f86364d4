#include "tests/simt/machine.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/simt/block.hpp"
#include "tests/simt/signals.hpp"

namespace allconv::simt {

namespace {

Settings settings_of_environment() {
  Settings settings;
  if (const char* seed = std::getenv("SIMT_SEED")) settings.seed = std::strtoull(seed, nullptr, 10);
  if (const char* order = std::getenv("SIMT_ORDER")) {
    if (std::string_view(order) == "greedy") settings.order = WarpOrder::greedy;
    if (std::string_view(order) == "reverse_greedy") settings.order = WarpOrder::reverse_greedy;
  }
  if (const char* lost = std::getenv("SIMT_LOST_AT")) {
    settings.lost_at = std::strtoull(lost, nullptr, 10);
  }
  if (const char* workers = std::getenv("SIMT_WORKERS")) {
    settings.workers = std::max(1, std::atoi(workers));
  }
  return settings;
}

struct Configuration {
  Settings settings = settings_of_environment();
  std::atomic<std::uint64_t> launches{0};  // since it was made
};

Configuration& configuration() {
  static Configuration configuration;
  return configuration;
}

struct Faults {
  std::mutex mutex;
  std::vector<std::string> texts;
};

Faults& faults() {
  static Faults faults;
  return faults;
}

// The numbers of the blocks, as they come to run.
std::vector<std::uint32_t> block_order(std::uint32_t count, Random random) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  if (settings().order == WarpOrder::reverse_greedy) std::reverse(order.begin(), order.end());
  if (settings().order == WarpOrder::random) {
    for (std::uint32_t at = count; at > 1; --at) std::swap(order[at - 1], order[random.below(at)]);
  }
  return order;
}

uint3 block_index(std::uint32_t number, dim3 blocks) {
  return {number % blocks.x, number / blocks.x % blocks.y, number / (blocks.x * blocks.y)};
}

// A grid that workers run together.
class GridRun {
 public:
  GridRun(const Grid& grid, const std::function<void()>& body, Random random)
      : grid_(grid),
        body_(body),
        random_(random),
        order_(block_order(grid.blocks.x * grid.blocks.y * grid.blocks.z, random)) {}

  // Runs blocks until none is left. Each worker has stacks of its own, kept for its next grid.
  void work() {
    thread_local BlockRunner runner;
    catch_bad_accesses();
    for (std::size_t at = next_++; at < order_.size() && !faulted_; at = next_++) {
      const std::uint32_t number = order_[at];
      const uint3 block = block_index(number, grid_.blocks);
      if (!runner.run(grid_, block, body_, random_.split(number))) faulted_ = true;
    }
    runner.finish_grid();
  }

  bool faulted() const { return faulted_; }

 private:
  const Grid& grid_;
  const std::function<void()>& body_;
  const Random random_;
  const std::vector<std::uint32_t> order_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> faulted_{false};
};

}  // namespace

const Settings& settings() { return configuration().settings; }

void configure(const Settings& settings) {
  configuration().settings = settings;
  configuration().launches = 0;
}

bool is_emulated() { return true; }

std::vector<std::string> take_faults() {
  const std::lock_guard lock(faults().mutex);
  return std::exchange(faults().texts, {});
}

bool has_faults() {
  const std::lock_guard lock(faults().mutex);
  return !faults().texts.empty();
}

void record_fault(std::string text) {
  const std::lock_guard lock(faults().mutex);
  faults().texts.push_back(std::move(text));
}

bool run_grid(const Grid& grid, const std::function<void()>& body) {
  const std::uint64_t launch = configuration().launches++;
  if (launch == settings().lost_at) {
    record_fault("the GPU was lost");
    return false;
  }
  GridRun run(grid, body, Random(settings().seed).split(launch));
  std::vector<std::jthread> helpers;
  for (int worker = 1; worker < settings().workers; ++worker) {
    helpers.emplace_back([&run] { run.work(); });
  }
  run.work();
  helpers.clear();
  return !run.faulted();
}

}  // namespace allconv::simt
