#include "engine/score/evaluation.hpp"

#include <algorithm>
#include <cmath>

namespace allconv {

namespace {

// -log softmax(logits)[label] in double: log of the sum of exponentials less the logit, stable.
double cross_entropy(std::span<const float> logits, std::size_t label) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return std::log(sum) + largest - logits[label];
}

// How many classes go before `label`: larger logits, and equal ones of lower index.
std::size_t rank(std::span<const float> logits, std::size_t label) {
  std::size_t before = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    before += logits[i] > logits[label] || (logits[i] == logits[label] && i < label);
  }
  return before;
}

}  // namespace

Evaluation evaluate(Scorer& scorer, const DataSet& data, const std::vector<int>& class_of_label,
                    std::size_t classes, const EvaluationCallbacks& callbacks) {
  constexpr std::size_t kTopFive = 5;
  Evaluation result;
  result.confusion.assign(classes, std::vector<std::uint64_t>(classes, 0));
  std::size_t right = 0;
  std::size_t among_five = 0;
  const auto count = [&](const ScoredImage& image) {
    if (callbacks.progress) callbacks.progress(result.images + result.failed + 1, data.size());
    if (image.failure) {
      ++result.failed;
      if (callbacks.failed) callbacks.failed(image.index, *image.failure);
      return;
    }
    const auto data_label = static_cast<std::size_t>(data.label(image.index));
    const auto label = static_cast<std::size_t>(class_of_label[data_label]);
    const auto predicted = static_cast<std::size_t>(
        std::max_element(image.logits.begin(), image.logits.end()) - image.logits.begin());
    const std::size_t place = rank(image.logits, label);
    right += place == 0;
    among_five += place < kTopFive;
    result.loss += cross_entropy(image.logits, label);
    ++result.confusion[label][predicted];
    ++result.images;
    if (callbacks.answered)
      callbacks.answered({image.index, label, predicted, image.probabilities[predicted]});
  };
  scorer.run(data, IndexRange::all(data.size()),
             {.image = count, .cancelled = callbacks.cancelled});
  const double images = std::max<double>(1, static_cast<double>(result.images));
  result.top1 = static_cast<double>(right) / images;
  if (classes > kTopFive) result.top5 = static_cast<double>(among_five) / images;
  result.loss /= images;
  return result;
}

}  // namespace allconv
