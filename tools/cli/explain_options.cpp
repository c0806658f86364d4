#include "tools/cli/explain_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/graph/unit.hpp"
#include "engine/support/error.hpp"
#include "engine/support/text.hpp"

namespace allconv::cli {

namespace {

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t last = std::min(text.find(',', first), text.size());
    parts.push_back(text.substr(first, last - first));
    first = last + 1;
  }
  return parts;
}

std::vector<ReluRule> parse_methods(const std::string& text) {
  std::vector<ReluRule> methods;
  for (const std::string_view part : split_at_commas(text)) {
    const auto rule = parse_rule(part);
    if (!rule) {
      throw Error(ErrorKind::usage, fmt::format("there is no method \"{}\"", part), "--method",
                  "give gradient, deconvnet, guided or several of them with commas between");
    }
    if (std::find(methods.begin(), methods.end(), *rule) != methods.end()) {
      throw Error(ErrorKind::usage, fmt::format("\"{}\" is named twice", part), "--method",
                  "name each method once");
    }
    methods.push_back(*rule);
  }
  return methods;
}

UnitChoice parse_unit(const std::string& text) {
  const auto parts = split_at_commas(text);
  std::vector<int> numbers;
  for (const std::string_view part : parts) {
    if (const auto number = parse_index(part)) numbers.push_back(*number);
  }
  const bool whole = numbers.size() == parts.size();
  if (whole && numbers.size() == 1) return {.channel = numbers[0]};
  if (whole && numbers.size() == 3)
    return {.channel = numbers[0], .row = numbers[1], .column = numbers[2]};
  throw Error(ErrorKind::usage, fmt::format("\"{}\" is no unit", text), "--unit",
              "give a channel, K, or a channel, row and column, K,Y,X, counted from 0");
}

// A name wins over an index.
int parse_class(const std::string& text, const std::vector<std::string>& classes) {
  const auto found = std::find(classes.begin(), classes.end(), text);
  if (found != classes.end()) return static_cast<int>(found - classes.begin());
  const auto index = parse_index(text);
  if (index && static_cast<std::size_t>(*index) < classes.size()) return *index;
  constexpr std::size_t kMostNames = 12;
  std::string names;
  for (std::size_t i = 0; i < std::min(kMostNames, classes.size()); ++i)
    names.append(i == 0 ? "" : ", ").append(to_utf8(classes[i]));
  if (classes.size() > kMostNames) names += ", ...";
  throw Error(ErrorKind::usage, fmt::format("the model has no class \"{}\"", to_utf8(text)),
              "--class",
              fmt::format("give a name or an index from 0 to {}: {}", classes.size() - 1, names));
}

ExplainTarget parse_target(const ExplainArguments& arguments, const Model& model) {
  ExplainTarget target;
  if (arguments.layer.empty()) {
    if (!arguments.target_class.empty())
      target.unit.channel = parse_class(arguments.target_class, model.classes);
    return target;
  }
  target.layer = find_convolution(model.network, arguments.layer);
  if (!arguments.unit.empty()) target.unit = parse_unit(arguments.unit);
  check_unit(unit_shape(model.network, *target.layer), target.unit, "--unit " + arguments.unit);
  return target;
}

void check_methods(const std::vector<ReluRule>& methods, const NetworkDescription& network) {
  const bool only_gradient = methods.size() == 1 && methods.front() == ReluRule::gradient;
  if (only_gradient || has_relu(network)) return;
  throw Error(ErrorKind::usage, "has no ReLU, in which alone the methods differ", network.name,
              "give --method gradient");
}

// What is explained, and how.
void add_target_options(CLI::App& command, ExplainArguments& arguments) {
  limit_filled(
      command.add_option("--method", arguments.methods,
                         "gradient, deconvnet, guided or several with commas; default: all three"))
      ->type_name("LIST");
  CLI::Option* layer =
      limit_filled(command.add_option("--layer", arguments.layer,
                                      "explain a unit of this convolution, after its ReLU"))
          ->type_name("NAME");
  limit_filled(
      command.add_option("--unit", arguments.unit,
                         "its channel, and where; default: the largest of all, or of the channel"))
      ->needs(layer)
      ->type_name("K[,Y,X]");
  limit_filled(command.add_option("--class", arguments.target_class,
                                  "explain this class's logit; default: the class predicted"))
      ->excludes(layer)
      ->type_name("NAME|INDEX");
  command.add_flag("--unstride", arguments.unstride,
                   "also by the network with a stride of 1 and a 2x2 max-pool for each stride of "
                   "2, as in figures 4 and 5 of the paper");
}

void add_sanity_options(CLI::App& command, ExplainArguments& arguments) {
  CLI::Option* sanity = command.add_flag(
      "--sanity", arguments.sanity,
      "instead: test whether the maps depend on what was learned, with layers made random");
  for (const char* other : {"--layer", "--class", "--unstride", "--save-tensors", "--no-pictures"})
    sanity->excludes(command.get_option(other));
  constexpr std::int64_t kMostImages = 1000;  // whose maps stay in memory
  limit_integer(command.add_option("--sanity-images", arguments.sanity_images,
                                   "of those given, the first that are tested"),
                1, kMostImages)
      ->needs(sanity)
      ->type_name("N [32]");
}

}  // namespace

void add_explain_options(CLI::App& command, ExplainArguments& arguments) {
  command.add_option("MODEL", arguments.model, "a model file")->required()->type_name("");
  command
      .add_option("IMAGE", arguments.images,
                  "images, folders, tars, lists of paths, CIFAR or IDX files")
      ->required()
      ->type_name("");
  command
      .add_option("-o,--output", arguments.output, "a folder for the page, pictures and numbers")
      ->required()
      ->type_name("DIR");
  add_target_options(command, arguments);
  limit_filled(command.add_option("--save-tensors", arguments.save_tensors,
                                  "inputs and attributions, (N,3,H,W) each, unscaled"))
      ->type_name("FILE.safetensors");
  command.add_flag("--no-pictures", arguments.no_pictures, "numbers alone");
  limit_words(command.add_option("--split", arguments.split, "part of the data; default: all"),
              "train, test, all")
      ->type_name("train|test|all");
  add_sanity_options(command, arguments);
  add_scoring_options(command, arguments.scoring);
  add_common_options(command, arguments.common, Tracing::offered);
}

ExplainerOptions explainer_options(const ExplainArguments& arguments, const Model& model,
                                   const ComputeDevice& device) {
  ExplainerOptions options{.methods = parse_methods(arguments.methods),
                           .target = parse_target(arguments, model),
                           .unstride = arguments.unstride,
                           .batches = scorer_options(arguments.scoring, device)};
  check_methods(options.methods, model.network);
  return options;
}

}  // namespace allconv::cli
