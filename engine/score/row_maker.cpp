#include "engine/score/row_maker.hpp"

#include <algorithm>
#include <utility>

namespace allconv {

RowMaker::RowMaker(const std::vector<std::string>& classes, std::size_t top_k, bool with_logits)
    : classes_(classes),
      with_logits_(with_logits),
      guesses_(std::min(top_k, classes.size())),
      kernel_(kernels::prepare_first_runnable<kernels::TopK>(
          {.n = 1, .c = static_cast<int>(classes.size()), .k = static_cast<int>(guesses_)})),
      probabilities_(classes.size()),
      values_(guesses_),
      indices_(guesses_),
      scratch_(kernel_->workspace_bytes()) {}

ScoreRow RowMaker::make(const ScoredImage& image, std::string path) {
  ScoreRow row{.path = std::move(path), .top = {}, .logits = {}, .error = {}};
  if (image.failure) {
    row.error = image.failure;
    return row;
  }
  std::copy(image.probabilities.begin(), image.probabilities.end(), probabilities_.data());
  kernel_->run_all(
      {.scratch = scratch_.span()},
      {.src = probabilities_.data(), .values = values_.data(), .indices = indices_.data()});
  for (std::size_t i = 0; i < guesses_; ++i) {
    const std::int32_t index = indices_[i];
    row.top.push_back({classes_[static_cast<std::size_t>(index)], index, values_[i]});
  }
  if (with_logits_) row.logits.assign(image.logits.begin(), image.logits.end());
  return row;
}

}  // namespace allconv
