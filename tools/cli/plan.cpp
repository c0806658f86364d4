// allconv plan
#include "engine/plan/plan.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "engine/execute/cuda_factory.hpp"
#include "engine/explain/explanation.hpp"
#include "engine/graph/graph.hpp"
#include "engine/runtime/gpu_libraries.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kPlanExamples =
    "Examples:\n"
    "  What scoring 32 images at a time runs, and the memory that it takes:\n"
    "    allconv plan all-cnn-c --batch-size 32\n"
    "  The same of a training step of the ImageNet network:\n"
    "    allconv plan all-cnn-b-imagenet --batch-size 64 --training\n"
    "  Of an explanation by guided backpropagation:\n"
    "    allconv plan model.safetensors --batch-size 1 --explain --rule guided";

// As given on the command line.
struct PlanArguments {
  CommonOptions common;
  NetworkChoice network;
  std::optional<std::string> model_or_network;
  int batch_size = 1;
  bool training = false;
  bool explain = false;
  std::string target;  // empty: the device's
  std::string rule = "gradient";
};

// A GPU that need not be there.
PlanOptions target_options(const PlanArguments& arguments) {
  const int capability = std::stoi(arguments.target.substr(std::string_view("sm_").size()));
  const auto precision = kernels::parse_precision(arguments.common.precision);
  return {.gpu = GpuTarget{.capability = capability,
                           .precision = precision.value_or(kernels::Precision::fp32)},
          .workspace_limit = arguments.common.workspace_limit};
}

void print_gpu_plan(const Graph& graph, int batch_size, const PlanOptions& options) {
  constexpr int kArenas = 1;
  print_result(
      to_text(*describe_cuda_plan(graph, batch_size, BatchInput::pixels, options), kArenas));
}

// The plan, and for each convolution what a GPU would choose from.
void print_target_plan(const Graph& graph, const PlanArguments& arguments) {
  const LoadedLibraries loaded = load_libraries();
  for (const std::string& note : loaded.notes) print_note(note);
  PlanOptions options = target_options(arguments);
  options.libraries = loaded.libraries.get();
  print_gpu_plan(graph, arguments.batch_size, options);
  print_result(describe_cuda_candidates(graph, arguments.batch_size, BatchInput::pixels, options));
}

int run_plan(const PlanArguments& arguments) {
  const NetworkDescription network =
      choose_model_or_network(arguments.model_or_network, arguments.network).network;
  PassMode mode = PassMode::inference;
  if (arguments.training) mode = PassMode::training;
  if (arguments.explain) mode = PassMode::explain;
  const Graph graph =
      make_graph(network, mode, *parse_rule(arguments.rule));  // the option's words are all known
  if (!arguments.target.empty()) {
    print_target_plan(graph, arguments);
    return kDone;
  }
  ComputeDevice device(arguments.common);
  if (device.is_gpu()) {
    print_gpu_plan(graph, arguments.batch_size, device.plan_options());
    return kDone;
  }
  const auto plan = make_batch_plan(graph, arguments.batch_size, device.plan_options());
  // A batch of fewer micro-batches than threads keeps fewer workers, each with an arena.
  const int micro_batches = kernels::divide_up(arguments.batch_size, plan->images);
  print_result(to_text(*plan, std::min(device.pool().threads(), micro_batches)));
  return kDone;
}

}  // namespace

void add_plan_command(CLI::App& app, Chosen& chosen) {
  constexpr std::int64_t kMaxBatch = 65536;
  auto arguments = std::make_shared<PlanArguments>();
  CLI::App& command =
      *app.add_subcommand("plan", "Show a network's steps, kernels and memory, without running it");
  command
      .add_option("MODEL|NETWORK", arguments->model_or_network,
                  "a model file, a network's name or its .json file; default: all-cnn-c")
      ->type_name("");
  limit_integer(command.add_option("--batch-size", arguments->batch_size, "images at a time"), 1,
                kMaxBatch)
      ->required()
      ->type_name("N");
  CLI::Option* training =
      command.add_flag("--training", arguments->training, "the plan of a training step");
  CLI::Option* explain =
      command.add_flag("--explain", arguments->explain, "the plan from images to input gradients");
  explain->excludes(training);
  limit_words(command.add_option("--rule", arguments->rule,
                                 "how a ReLU is passed backwards; default: gradient"),
              "gradient, deconvnet, guided")
      ->needs(explain)
      ->type_name("gradient|deconvnet|guided");
  add_network_options(command, arguments->network);
  add_common_options(command, arguments->common);
  limit_words(
      command.add_option("--target", arguments->target,
                         "the plan for a GPU of this architecture, which need not be there"),
      "sm_80, sm_86, sm_89, sm_90, sm_100, sm_120")
      ->type_name("sm_80|sm_90|...");
  command.footer(kPlanExamples);
  command.callback([arguments, &chosen] { chosen = [arguments] { return run_plan(*arguments); }; });
}

}  // namespace allconv::cli
