// A report: one HTML page about a training, and its pictures as PNG files beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/formats/history.hpp"
#include "engine/report/pictures.hpp"
#include "engine/score/evaluation.hpp"
#include "engine/train/checkpoint_folder.hpp"

namespace allconv {

// The weights' answers to labelled images.
struct ReportEvaluation {
  std::string data;  // a path, as it is to be shown
  Evaluation result;
  std::vector<Answer> mistakes;         // the surest, as MistakeList has them
  std::vector<std::string> paths;       // of these
  std::optional<ThumbnailSheet> sheet;  // of these; nullopt without any
};

struct ReportContent {
  std::string folder;  // of the training, as it is to be shown
  NamedCheckpoint newest;
  History history;
  std::optional<ReportEvaluation> evaluation;
  std::string why_no_evaluation;  // a sentence, where there is none
};

// Writes the pictures, then `index.html`, each file whole or not at all. A picture of an earlier
// report that this one does not have is removed. Throws Error{io}.
void write_report(const ReportContent& content, const std::string& folder);

}  // namespace allconv
