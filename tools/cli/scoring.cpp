#include "tools/cli/scoring.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "engine/support/text.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

void add_scoring_options(CLI::App& command, ScoringChoice& choice) {
  constexpr std::int64_t kMaxBatch = 65536;
  add_decode_options(command, choice.decode);
  limit_integer(command.add_option("--batch-size", choice.batch_size,
                                   "images at a time; changes speed and memory only"),
                1, kMaxBatch)
      ->type_name(fmt::format("N [{}]", choice.batch_size));
}

ScorerOptions scorer_options(const ScoringChoice& choice, const ComputeDevice& device) {
  return {.batch_size = choice.batch_size,
          .decode = choice.decode.decode_mode(),
          .pixel_limit = choice.decode.pixel_limit(),
          .plan = device.plan_options()};
}

void print_failed_image(const std::string& path, const ScoreFailure& failure) {
  print_note(
      fmt::format("warning: {}: {}: {}", to_utf8(path), to_string(failure.stage), failure.message));
}

Evaluation evaluate_model(const Model& model, const DataSet& data, const std::string& path,
                          const ScorerOptions& options, ComputeDevice& device,
                          const std::function<void(const Answer&)>& answered) {
  const auto class_of_label = match_classes(data.classes(), model.classes, path);
  Scorer scorer(model, options, device.pool());
  const auto failed = [&data](std::size_t index, const ScoreFailure& failure) {
    print_failed_image(data.path(index), failure);
  };
  ProgressBar bar("evaluate");
  const auto progress = [&bar](std::size_t done, std::size_t total) { bar.update(done, total); };
  const Evaluation result = evaluate(
      scorer, data, class_of_label, model.classes.size(),
      {.answered = answered, .failed = failed, .progress = progress, .cancelled = interrupted});
  for (const std::string& note : scorer.notes()) print_note(note);
  return result;
}

}  // namespace allconv::cli
