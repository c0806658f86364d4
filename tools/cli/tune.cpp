// allconv tune
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "bench/tuning.hpp"
#include "engine/execute/cuda_factory.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kTuneExamples =
    "Examples:\n"
    "  Time every kernel on every layer once, then score with the fastest:\n"
    "    allconv tune model.safetensors -o tuned.json\n"
    "    allconv score model.safetensors pictures/ -o scores.jsonl --tuning-file tuned.json";

struct TuneArguments {
  CommonOptions common;
  NetworkChoice network;
  std::optional<std::string> model_or_network;
  std::string output;
  int batch_size = 128;
};

constexpr std::string_view kInterrupted = "interrupted, nothing was written";

TuningFile tune_cpu(const NetworkDescription& network, const TuneArguments& arguments,
                    const ComputeDevice& device) {
  ProgressBar bar("tuning");
  const TuneOptions options{.device = device.tuning_name(),
                            .batch_size = arguments.batch_size,
                            .limits = device.limits()};
  return tune_network(network, options, [&](std::size_t done, std::size_t total) {
    if (interrupted()) throw Error(ErrorKind::interrupted, kInterrupted, arguments.output);
    bar.update(done, total);
  });
}

// All that the network's executors may be asked for, for batches of one size: with images as bytes
// and prepared ones.
TuningFile tune_gpu(const NetworkDescription& network, const TuneArguments& arguments,
                    const ComputeDevice& device) {
  TuningSession session = device.empty_session();
  PlanOptions options = device.plan_options();
  options.session = &session;
  std::vector<Graph> graphs = {make_graph(network, PassMode::inference),
                               make_graph(network, PassMode::training)};
  for (const ReluRule rule : {ReluRule::gradient, ReluRule::deconvnet, ReluRule::guided}) {
    graphs.push_back(make_graph(network, PassMode::explain, rule));
  }
  for (const Graph& graph : graphs) {
    for (const BatchInput input : {BatchInput::pixels, BatchInput::prepared}) {
      tune_for_cuda(graph, arguments.batch_size, input, options);
    }
  }
  return session.known();
}

int run_tune(const TuneArguments& arguments) {
  check_output(arguments.output);
  const NetworkDescription network =
      choose_model_or_network(arguments.model_or_network, arguments.network).network;
  const ComputeDevice device(arguments.common);
  if (!device.is_gpu()) {
    tune_cpu(network, arguments, device).write(arguments.output);
    return kDone;
  }
  if (arguments.common.deterministic) {
    throw Error(ErrorKind::usage, "no clock chooses kernels then", "--deterministic",
                "leave it out");
  }
  tune_gpu(network, arguments, device).write_merged(arguments.output, console_diagnostics());
  return kDone;
}

}  // namespace

void add_tune_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<TuneArguments>();
  CLI::App& command = *app.add_subcommand(
      "tune", "Time all kernels on a network's layers and write the choice to a file");
  command
      .add_option("MODEL|NETWORK", arguments->model_or_network,
                  "a model file, a network's name or its .json file; default: all-cnn-c")
      ->type_name("");
  command
      .add_option("-o,--output", arguments->output,
                  "the tuning file to write; of a GPU what it has of other problems stays")
      ->required()
      ->type_name("FILE");
  limit_integer(command.add_option("--batch-size", arguments->batch_size,
                                   "of training, on which its kernels' problems depend; on a GPU "
                                   "of all passes; 128"),
                1, 65536)
      ->type_name("N");
  add_network_options(command, arguments->network);
  add_common_options(command, arguments->common);
  command.footer(kTuneExamples);
  command.callback([arguments, &chosen] { chosen = [arguments] { return run_tune(*arguments); }; });
}

}  // namespace allconv::cli
