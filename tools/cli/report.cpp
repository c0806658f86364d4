// allconv report
#include "engine/report/report.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/support/error.hpp"
#include "engine/support/output_folder.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/interrupt.hpp"
#include "tools/cli/scoring.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kReportExamples =
    "Examples:\n"
    "  A page about a training that keeps checkpoints, while it runs or afterwards:\n"
    "    allconv train pictures/ -o model.safetensors --validate more/ --checkpoint run/\n"
    "    allconv report run/ -o report/\n"
    "  The same with other images for the confusion matrix and the mistakes:\n"
    "    allconv report run/ -o report/ --data unseen/";

constexpr std::size_t kMistakes = 24;

// As given on the command line.
struct ReportArguments {
  CommonOptions common;
  std::string run;
  std::string output;
  std::string data;  // empty: that of the training's validation
  ScoringChoice scoring;
};

NamedCheckpoint newest_checkpoint(const std::string& folder) {
  auto newest = read_newest_checkpoint(folder, console_diagnostics());
  if (newest) return *std::move(newest);
  throw Error(ErrorKind::usage, "there is no whole checkpoint in it", folder,
              "give the folder of train --checkpoint, after its first epoch");
}

ReportEvaluation evaluate_checkpoint(const ReportArguments& arguments, const std::string& path,
                                     const DataSet& data, const Model& model) {
  ComputeDevice device(arguments.common);
  const ScorerOptions options = scorer_options(arguments.scoring, device);
  MistakeList mistakes(kMistakes);
  ReportEvaluation evaluation{.data = path, .result = {}, .mistakes = {}, .paths = {}, .sheet = {}};
  evaluation.result = evaluate_model(model, data, path, options, device,
                                     [&mistakes](const Answer& answer) { mistakes.add(answer); });
  evaluation.mistakes = mistakes.surest();
  for (const Answer& answer : evaluation.mistakes)
    evaluation.paths.push_back(data.path(answer.index));
  if (!evaluation.mistakes.empty()) {
    evaluation.sheet =
        thumbnail_sheet(data, evaluation.mistakes, load_options(model.prepare, options));
  }
  return evaluation;
}

DataSet open_test_data(const std::string& path) {
  return open_data(path, Split::test, OpenMode::evaluate, console_diagnostics(), interrupted);
}

// The data of --data have to be there; those that the training validated by may be elsewhere now.
void add_evaluation(const ReportArguments& arguments, ReportContent& content) {
  const Model& model = content.newest.checkpoint.model;
  if (!arguments.data.empty()) {
    content.evaluation =
        evaluate_checkpoint(arguments, arguments.data, open_test_data(arguments.data), model);
    return;
  }
  const auto& header = content.history.header;
  if (!header || !header->validate) {
    content.why_no_evaluation =
        "The training has no validation data, so these parts are missing; --data names others.";
    return;
  }
  std::optional<DataSet> data;
  try {
    data = open_test_data(*header->validate);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    content.why_no_evaluation = fmt::format(
        "The validation data cannot be used any more, so these parts are missing; --data names "
        "others. {}",
        error.what());
    print_note(fmt::format("warning: no confusion matrix and no mistakes: {}", error.what()));
    return;
  }
  content.evaluation = evaluate_checkpoint(arguments, *header->validate, *data, model);
}

int run_report(const ReportArguments& arguments) {
  ReportContent content{.folder = arguments.run,
                        .newest = newest_checkpoint(arguments.run),
                        .history = read_history(arguments.run, console_diagnostics()),
                        .evaluation = {},
                        .why_no_evaluation = {}};
  prepare_output_folder(arguments.output);
  add_evaluation(arguments, content);
  write_report(content, arguments.output);
  print_note(fmt::format("wrote {}/index.html", arguments.output));
  const bool all = !content.evaluation || content.evaluation->result.failed == 0;
  return all ? kDone : kSomeInputsFailed;
}

}  // namespace

void add_report_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App& command =
      *app.add_subcommand("report", "Write a page about a training: curves, layers, mistakes");
  command.add_option("RUN", arguments->run, "the folder of train --checkpoint; it is only read")
      ->required()
      ->type_name("");
  command.add_option("-o,--output", arguments->output, "a folder for the page and its pictures")
      ->required()
      ->type_name("DIR");
  command
      .add_option("--data", arguments->data,
                  "labelled images for confusion matrix and mistakes, their test split; default: "
                  "those of train --validate")
      ->type_name("DATA");
  add_scoring_options(command, arguments->scoring);
  add_common_options(command, arguments->common);
  command.footer(kReportExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_report(*arguments); }; });
}

}  // namespace allconv::cli
