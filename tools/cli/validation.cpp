#include "tools/cli/validation.hpp"

#include <fmt/format.h>

#include "engine/score/evaluation.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

Validation::Validation(const std::string& path, const Model& model, const ScorerOptions& options,
                       ThreadPool& pool)
    : data_(open_data(path, Split::test, OpenMode::evaluate, console_diagnostics(), interrupted)),
      class_of_label_(match_classes(data_.classes(), model.classes, path)),
      classes_(model.classes.size()),
      scorer_(model, options, pool) {}

double Validation::error(const Parameters& parameters) {
  scorer_.load(parameters);
  ProgressBar bar("validation");
  const auto report = [this](std::size_t index, const ScoreFailure& failure) {
    if (!failed_.insert(index).second) return;
    print_note(fmt::format("warning: {}: left out: {}", data_.path(index), failure.message));
  };
  const auto progress = [&bar](std::size_t done, std::size_t total) { bar.update(done, total); };
  const Evaluation result =
      evaluate(scorer_, data_, class_of_label_, classes_,
               {.failed = report, .progress = progress, .cancelled = interrupted});
  if (result.images == 0) {
    throw Error(ErrorKind::usage, "none of the validation images can be decoded", "--validate",
                "give whole image files");
  }
  return 1 - result.top1;
}

}  // namespace allconv::cli
