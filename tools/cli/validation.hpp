// Validation while a network is trained.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/score/scorer.hpp"

namespace allconv::cli {

// A validation set with the scorer that evaluates the weights after each epoch. Used by one thread.
class Validation {
 public:
  // Throws Error{usage} for labels that the model does not know, Error{io}.
  Validation(const std::string& path, const Model& model, const ScorerOptions& options,
             ThreadPool& pool);

  // Share of images that the model is wrong about. A broken image is named the first time only.
  // Throws Error, Error{interrupted} included.
  double error(const Parameters& parameters);

  std::size_t failed() const { return failed_.size(); }

 private:
  DataSet data_;
  std::vector<int> class_of_label_;
  std::size_t classes_;
  Scorer scorer_;
  std::set<std::size_t> failed_;
};

}  // namespace allconv::cli
