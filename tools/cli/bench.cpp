// allconv bench: a whole network, or one problem on every kernel of an operation.
#include <CLI/CLI.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "bench/network_bench.hpp"
#include "bench/operation_bench.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/runtime/gpu_libraries.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kBenchExamples =
    "Examples:\n"
    "  Images per second of All-CNN-C, and the time of each layer:\n"
    "    allconv bench all-cnn-c --batch-size 32\n"
    "  A training step of a model of yours, on one thread, as JSON:\n"
    "    allconv bench model.safetensors --mode training --threads 1 --results-format json\n"
    "  Every kernel on one convolution, with caches emptied before each run:\n"
    "    allconv bench --operation conv2d_forward --problem n1h32w32c96k96r3s3u2p1 --cache cold\n"
    "  The same on a GPU, with tensors of 16 bits:\n"
    "    allconv bench --operation conv2d_forward --problem n128h32w32c96k96r3s3p1 --device cuda "
    "\\\n"
    "      --precision fp16";

struct BenchArguments {
  CommonOptions common;
  NetworkChoice network;
  std::optional<std::string> model_or_network;
  std::string mode = "inference";
  int batch_size = 128;
  int warmup = 3;
  int iterations = 20;
  std::string results_format = "text";
  std::string operation, problem, problem_file;
  std::vector<std::string> kernels;
  std::string cache = "hot";
  std::string data = "random";
};

int run_network(const BenchArguments& arguments) {
  ModelOrNetwork chosen = choose_model_or_network(arguments.model_or_network, arguments.network);
  constexpr std::uint64_t kSeed = 0;
  Parameters parameters = chosen.model ? std::move(chosen.model->parameters)
                                       : initial_parameters(chosen.network, WeightRule::he, kSeed);
  ComputeDevice device(arguments.common);
  NetworkBenchOptions options{.batch_size = arguments.batch_size,
                              .warmup = arguments.warmup,
                              .iterations = arguments.iterations,
                              .plan = device.plan_options(),
                              .device = device.name(),
                              .cancelled = interrupted};
  if (arguments.mode == "training") options.mode = PassMode::training;
  if (arguments.mode == "explain") options.mode = PassMode::explain;
  return device.traced([&] {
    const NetworkBenchResult result =
        bench_network(chosen.network, parameters, options, device.pool());
    print_result(arguments.results_format == "json" ? to_json(result) : to_text(result));
    return kDone;
  });
}

// One problem a line; empty lines and those that begin with # are left out.
std::vector<std::string> read_problems(const std::string& path) {
  constexpr std::int64_t kMaxBytes = 1 << 20;
  const std::string text = read_file(path, kMaxBytes);
  std::vector<std::string> problems;
  for (std::size_t first = 0; first < text.size();) {
    const std::size_t last = std::min(text.find('\n', first), text.size());
    std::string line = text.substr(first, last - first);
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty() && line.front() != '#') problems.push_back(std::move(line));
    first = last + 1;
  }
  if (problems.empty()) {
    throw Error(ErrorKind::usage, "the file has no problem", path, "write one problem a line");
  }
  return problems;
}

int run_operation(const BenchArguments& arguments) {
  if (arguments.model_or_network || arguments.network.network) {
    throw Error(ErrorKind::usage, "goes without a network", "--operation", "leave one of them out");
  }
  if (!arguments.common.trace.empty()) {
    throw Error(ErrorKind::usage, "is of a network's steps, and --operation has none", "--trace",
                "leave one of them out");
  }
  if (arguments.problem.empty() == arguments.problem_file.empty()) {
    throw Error(ErrorKind::usage, "needs one of --problem and --problem-file", "--operation",
                "give --problem n1h32w32c96k96r3s3u1p1, for instance");
  }
  const PlanOptions device = untuned_options(arguments.common);
  OperationBenchOptions options{.kernels = arguments.kernels,
                                .cold_cache = arguments.cache == "cold",
                                .warmup = arguments.warmup,
                                .iterations = arguments.iterations,
                                .limits = device.limits,
                                .gpu = device.gpu,
                                .deterministic = arguments.common.deterministic,
                                .workspace_limit = arguments.common.workspace_limit,
                                .cancelled = interrupted};
  LoadedLibraries loaded;
  if (options.gpu) {
    loaded = load_libraries_for(options.gpu->index);
    options.libraries = loaded.libraries.get();
    options.gpu_description = loaded.description;
  }
  if (options.kernels == std::vector<std::string>{"all"}) options.kernels.clear();
  if (arguments.data == "zeros") options.data = DataKind::zeros;
  if (arguments.data == "integers") options.data = DataKind::integers;
  const bool json = arguments.results_format == "json";
  const std::vector<std::string> problems = arguments.problem_file.empty()
                                                ? std::vector{arguments.problem}
                                                : read_problems(arguments.problem_file);
  for (const std::string& problem : problems) {
    const auto result = bench_operation(arguments.operation, problem, options);
    print_result(json ? to_json(result) : to_text(result));
  }
  return kDone;
}

void add_measuring_options(CLI::App& command, BenchArguments& arguments) {
  constexpr std::int64_t kMaxCount = 1'000'000;
  limit_words(
      command.add_option("--mode", arguments.mode, "what an iteration is; default: inference"),
      "inference, training, explain")
      ->type_name("inference|training|explain");
  limit_integer(
      command.add_option("--batch-size", arguments.batch_size, "images an iteration; 128"), 1,
      65536)
      ->type_name("N");
  limit_integer(command.add_option("--warmup", arguments.warmup, "runs that are not counted; 3"), 0,
                kMaxCount)
      ->type_name("N");
  limit_integer(command.add_option("--iterations", arguments.iterations, "runs that are; 20"), 1,
                kMaxCount)
      ->type_name("N");
  limit_words(command.add_option("--results-format", arguments.results_format, "default: text"),
              "text, json")
      ->type_name("text|json");
}

void add_operation_options(CLI::App& command, BenchArguments& arguments) {
  const auto add = [&command](const char* name, auto& value, const char* help) {
    return command.add_option(name, value, help)->group("One operation");
  };
  CLI::Option* operation =
      add("--operation", arguments.operation, "conv2d_forward, relu_backward, sgd, ...");
  operation->type_name("NAME");
  add("--problem", arguments.problem, "the problem's sizes, as in n128h32w32c96k96r3s3u2p1")
      ->needs(operation)
      ->type_name("TEXT");
  add("--problem-file", arguments.problem_file, "one problem a line")
      ->needs(operation)
      ->type_name("FILE");
  add("--kernels", arguments.kernels, "rows of the operation's table; default: all")
      ->needs(operation)
      ->delimiter(',')
      ->type_name("all|NAME,...");
  limit_words(add("--cache", arguments.cache, "before each run; default: hot"), "hot, cold")
      ->needs(operation)
      ->type_name("hot|cold");
  limit_words(add("--data", arguments.data, "what tensors hold; default: random"),
              "random, zeros, integers")
      ->needs(operation)
      ->type_name("random|zeros|integers");
}

}  // namespace

void add_bench_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App& command =
      *app.add_subcommand("bench", "Measure a network's speed, or one operation's kernels");
  command
      .add_option("MODEL|NETWORK", arguments->model_or_network,
                  "a model file, a network's name or its .json file; default: all-cnn-c")
      ->type_name("");
  add_measuring_options(command, *arguments);
  add_operation_options(command, *arguments);
  add_network_options(command, arguments->network);
  add_common_options(command, arguments->common, Tracing::offered);
  command.footer(kBenchExamples);
  command.callback([arguments, &chosen] {
    chosen = [arguments] {
      return arguments->operation.empty() ? run_network(*arguments) : run_operation(*arguments);
    };
  });
}

}  // namespace allconv::cli
