// Evaluation: how often, and how surely, a model is right about labelled images.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/score/scorer.hpp"

namespace allconv {

struct Evaluation {
  std::size_t images = 0;  // decoded ones; all shares are over these
  std::size_t failed = 0;
  double top1 = 0;             // share of images whose label has the largest logit
  std::optional<double> top5;  // not under 6 classes
  double loss = 0;             // mean cross-entropy, nats
  std::vector<std::vector<std::uint64_t>> confusion;  // [true][predicted]
};

// Of one decoded image.
struct Answer {
  std::size_t index = 0;      // in the data set
  std::size_t label = 0;      // the model's class
  std::size_t predicted = 0;  // the class of the largest logit, of equal ones the first
  float probability = 0;      // of that
};

struct EvaluationCallbacks {
  std::function<void(const Answer&)> answered = {};  // each decoded image; may be empty
  std::function<void(std::size_t index, const ScoreFailure&)> failed;  // may be empty
  std::function<void(std::size_t done, std::size_t total)> progress;   // may be empty
  std::function<bool()> cancelled;                                     // may be empty
};

// `class_of_label`: for each class of the data its index in the model (match_classes()).
Evaluation evaluate(Scorer& scorer, const DataSet& data, const std::vector<int>& class_of_label,
                    std::size_t classes, const EvaluationCallbacks& callbacks);

}  // namespace allconv
