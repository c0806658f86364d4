// allconv evaluate
#include "engine/score/evaluation.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "engine/support/text.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/interrupt.hpp"
#include "tools/cli/scoring.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kEvaluateExamples =
    "Examples:\n"
    "  How often the model is right about the test split (or about all, where there are no "
    "splits):\n"
    "    allconv evaluate model.safetensors pictures/\n"
    "  The same figures for another program:\n"
    "    allconv evaluate model.safetensors pictures/ --results-format json > evaluation.json";

// As given on the command line.
struct EvaluateArguments {
  CommonOptions common;
  std::string model;
  std::string data;
  std::string split = "test";
  std::string format = "text";
  ScoringChoice scoring;
};

std::string json_number(std::optional<double> value) {
  return value ? fmt::format("{}", *value) : "null";
}

// The keys and their order are a contract with other programs.
std::string to_json(const Evaluation& evaluation) {
  std::string rows;
  for (const auto& row : evaluation.confusion)
    rows += fmt::format("{}[{}]", rows.empty() ? "" : ", ", fmt::join(row, ", "));
  // Shares of no images, and their mean loss, are not known.
  const bool known = evaluation.images > 0;
  return fmt::format(
      R"({{"images": {}, "top1": {}, "top5": {}, "loss": {}, "confusion": [{}], "failed": {}}})"
      "\n",
      evaluation.images, json_number(known ? std::optional(evaluation.top1) : std::nullopt),
      json_number(known ? evaluation.top5 : std::nullopt),
      json_number(known ? std::optional(evaluation.loss) : std::nullopt), rows, evaluation.failed);
}

// Rows are the true classes, columns the predicted ones; larger tables stand in the JSON only.
std::string confusion_text(const Evaluation& evaluation, const std::vector<std::string>& classes) {
  constexpr std::size_t kMaxColumns = 20;
  if (classes.size() > kMaxColumns)
    return "confusion: more than 20 classes, see --results-format json\n";
  std::size_t width = 0;
  for (const std::string& name : classes) width = std::max(width, name.size());
  std::string text =
      "confusion, true classes in rows, predicted ones in columns of the same order\n";
  for (std::size_t i = 0; i < classes.size(); ++i) {
    text += fmt::format("  {:<{}}", to_utf8(classes[i]), width);
    for (const std::uint64_t count : evaluation.confusion[i]) text += fmt::format(" {:>7}", count);
    text += "\n";
  }
  return text;
}

// The figures as people read them: shares in percent.
std::string to_text(const Evaluation& evaluation, const std::vector<std::string>& classes) {
  std::string text = fmt::format("images  {}\nfailed  {}\n", evaluation.images, evaluation.failed);
  if (evaluation.images == 0) return text;
  text += fmt::format("top-1   {:.2f} %\n", evaluation.top1 * 100);
  if (evaluation.top5) text += fmt::format("top-5   {:.2f} %\n", *evaluation.top5 * 100);
  text += fmt::format("loss    {:.4f} nats\n\n", evaluation.loss);
  return text + confusion_text(evaluation, classes);
}

int run_evaluate(const EvaluateArguments& arguments) {
  ComputeDevice device(arguments.common);
  const Model model = read_model(arguments.model);
  const DataSet data = open_data(arguments.data, parse_split(arguments.split), OpenMode::evaluate,
                                 console_diagnostics(), interrupted);
  return device.traced([&] {
    const Evaluation result = evaluate_model(model, data, arguments.data,
                                             scorer_options(arguments.scoring, device), device);
    print_result(arguments.format == "json" ? to_json(result) : to_text(result, model.classes));
    return result.failed == 0 ? kDone : kSomeInputsFailed;
  });
}

}  // namespace

void add_evaluate_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App& command =
      *app.add_subcommand("evaluate", "Tell how often a model is right about labelled images");
  command.add_option("MODEL", arguments->model, "a model file")->required()->type_name("");
  command
      .add_option("DATA", arguments->data,
                  "class folders, a tar of them, CIFAR or IDX files, a labelled list")
      ->required()
      ->type_name("");
  limit_words(command.add_option("--split", arguments->split, "part of the data; default: test"),
              "train, test, all")
      ->type_name("train|test|all");
  limit_words(command.add_option("--results-format", arguments->format, "default: text"),
              "text, json")
      ->type_name("text|json");
  add_scoring_options(command, arguments->scoring);
  add_common_options(command, arguments->common, Tracing::offered);
  command.footer(kEvaluateExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_evaluate(*arguments); }; });
}

}  // namespace allconv::cli
