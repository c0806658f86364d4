// Scorer: a model's scores for the images of a data set, in order, decoding ahead of the network.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/score/batch_stream.hpp"

namespace allconv {

// The outcome of one image; spans are valid during the callback only.
struct ScoredImage {
  std::size_t index = 0;                 // in the data set
  std::optional<ScoreFailure> failure;   // then the spans are empty
  std::span<const float> logits;         // (classes)
  std::span<const float> probabilities;  // (classes)
};

struct ScoreCallbacks {
  std::function<void(const ScoredImage&)> image;  // each image once, in order
  std::function<bool()> cancelled;                // asked before each batch; may be empty
};

using ScorerOptions = BatchStreamOptions;

// Used by one thread at a time. The pool must outlive it.
class Scorer {
 public:
  Scorer(const Model& model, const ScorerOptions& options, ThreadPool& pool);

  // Takes other weights of the same network.
  void load(const Parameters& parameters) { stream_.executor().load(parameters); }

  // Scores the images of `range`. An image that cannot be decoded, or whose logits
  // are not numbers, costs only its own outcome. Throws Error{interrupted} when cancelled; what the
  // callback throws passes through.
  ScoreTimes run(const DataSet& data, const IndexRange& range, const ScoreCallbacks& callbacks);

  const Plan& plan() const { return stream_.executor().plan(); }
  std::vector<std::string> notes() const { return stream_.executor().notes(); }

 private:
  // Of one slot, (batch,classes) each.
  struct Outputs {
    std::vector<float> logits;
    std::vector<float> probabilities;
  };

  ScoredImage outcome(const Outputs& outputs, const StreamedImage& image) const;

  std::size_t classes_;
  BatchStream stream_;
  std::vector<Outputs> outputs_;  // one a slot
};

}  // namespace allconv
