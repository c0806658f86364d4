// Validation while a network is trained.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/score/scorer.hpp"
#include "engine/train/trainer.hpp"

namespace allconv::cli {

// A validation set with the scorer that evaluates the weights after each epoch.
class Validation {
 public:
  Validation(const std::string& path, const Model& model, const TrainOptions& options,
             ThreadPool& pool)
      : data_(open_data(path, Split::test, OpenMode::evaluate, console_diagnostics())),
        class_of_label_(match_classes(data_.classes(), model.classes, path)),
        classes_(model.classes.size()),
        scorer_(model, options.batch_size, options.plan, pool) {}

  // Share of images that the model is wrong about. A broken image is named the first time only.
  double error(const Parameters& parameters) {
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
                  "give whole JPEG or PNG files");
    }
    return 1 - result.top1;
  }

  std::size_t failed() const { return failed_.size(); }

 private:
  DataSet data_;
  std::vector<int> class_of_label_;
  std::size_t classes_;
  Scorer scorer_;
  std::set<std::size_t> failed_;
};

}  // namespace allconv::cli
