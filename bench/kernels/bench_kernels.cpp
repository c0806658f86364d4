// bench_kernels: Google Benchmark over every row of every operation, named row/problem. The
// problems are those of All-CNN-C's and ConvPool-CNN-C's plans, and of the work between them.
//
//     bench_kernels --benchmark_filter='conv2d_forward.*_onednn'
#include <benchmark/benchmark.h>

#include <memory>
#include <set>
#include <string>

#include "bench/operation_data.hpp"
#include "engine/graph/networks.hpp"
#include "engine/plan/choose.hpp"
#include "engine/plan/plan.hpp"

namespace allconv {

namespace {

template <class Operation>
void run_row(benchmark::State& state, const kernels::Kernel<Operation>& row,
             const typename Operation::Problem& problem) {
  OperationRun<Operation> run(row, problem, {});
  for ([[maybe_unused]] auto iteration : state) run.run();
  using benchmark::Counter;
  state.counters["FLOP/s"] = Counter(problem.flops(), Counter::kIsIterationInvariantRate);
  state.counters["B/s"] = Counter(problem.bytes(), Counter::kIsIterationInvariantRate);
}

// Registers each name once: networks share problems.
class Registry {
 public:
  template <class Operation>
  void add(const typename Operation::Problem& problem) {
    for (const auto& row : kernel_table(Operation{})) {
      const std::string name = std::string(row.name) + "/" + kernels::to_text(problem);
      if (!kernels::admits(row, problem, {}).accepted() || !names_.insert(name).second) continue;
      benchmark::RegisterBenchmark(name.c_str(), [&row, problem](benchmark::State& state) {
        run_row<Operation>(state, row, problem);
      });
    }
  }

  void add_plan(const std::string& network, PassMode mode, ReluRule rule) {
    constexpr int kClasses = 10;
    constexpr int kImages = 1;
    const Graph graph = make_graph(make_network(network, {}, kClasses), mode, rule);
    for (const Step& step : make_plan(graph, kImages, {}).steps) {
      std::visit(
          [this]<class Operation>(const Bound<Operation>& bound) {
            if constexpr (HasKernels<Operation>) add<Operation>(bound.problem);
          },
          step.problem);
    }
  }

 private:
  std::set<std::string> names_;
};

void register_all() {
  Registry registry;
  for (const char* network : {"all-cnn-c", "convpool-cnn-c"}) {
    registry.add_plan(network, PassMode::training, ReluRule::gradient);
    registry.add_plan(network, PassMode::explain, ReluRule::guided);
  }
  constexpr std::int64_t kParameters = 192 * 192 * 9;  // of All-CNN-C's largest layers
  registry.add<kernels::ReluForward>({.count = 32 * 32 * 96});
  registry.add<kernels::Sgd>({.count = kParameters});
  registry.add<kernels::GradientSum>({.count = kParameters, .lanes = 8});
  registry.add<kernels::TopK>({.n = 128, .c = 1000, .k = 5});
  registry.add<kernels::ChannelPeak>({.n = 32, .h = 16, .w = 16, .c = 192});
}

}  // namespace

}  // namespace allconv

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  allconv::register_all();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
