#include "engine/explain/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace allconv {

namespace {

using Measure = SimilarityMeasure;

constexpr const char* kLearned = "what was learned";

Dependence dependence_of(std::optional<double> similarity) {
  if (!similarity) return Dependence::unknown;
  if (*similarity >= kHardlyDependent) return Dependence::hardly;
  return *similarity >= kPartlyDependent ? Dependence::partial : Dependence::clear;
}

// "guided: the map hardly depends on what was learned."
std::string judgement(const std::string& method, Dependence dependence, const char* cause) {
  switch (dependence) {
    case Dependence::clear: return fmt::format("{}: the map depends on {}.", method, cause);
    case Dependence::partial:
      return fmt::format("{}: the map depends on {} in part only.", method, cause);
    case Dependence::hardly: return fmt::format("{}: the map hardly depends on {}.", method, cause);
    case Dependence::lower_layers:
    case Dependence::unknown:
      return fmt::format("{}: it cannot be said whether the map depends on {}.", method, cause);
  }
  return {};
}

std::string figure(const MeanSimilarity& similarity) {
  if (!similarity.mean) return "not defined";
  const std::string mean = fmt::format("{:.2f}", *similarity.mean);
  return similarity.spread ? fmt::format("{} \u00b1 {:.2f}", mean, *similarity.spread) : mean;
}

// "Spearman's correlation with the trained map is 0.02 ± 0.01, that of magnitudes ..."
std::string figures(const SimilaritySummary& summary) {
  return fmt::format(
      "Spearman's correlation with the original map is {}, that of magnitudes {}, and SSIM {}",
      figure(summary.of(Measure::spearman)), figure(summary.of(Measure::spearman_magnitudes)),
      figure(summary.of(Measure::ssim)));
}

// What the means leave out.
std::string omissions(const SimilaritySummary& summary) {
  const std::size_t compared = summary.of(Measure::spearman_magnitudes).compared;
  if (compared == summary.pairs) return {};
  return fmt::format(
      " Of {} pairs of maps {} are left out: one of the two is constant or not a number.",
      summary.pairs, summary.pairs - compared);
}

// SSIM where it says more than that both maps are dark.
std::optional<double> telling_ssim(const SimilaritySummary& summary,
                                   const SimilaritySummary& moved) {
  const auto ssim = summary.of(Measure::ssim).mean;
  const double texture = moved.of(Measure::ssim).mean.value_or(0);
  return ssim && *ssim >= texture + kAboveTexture ? ssim : std::nullopt;
}

std::optional<double> likeness(const SimilaritySummary& summary, const SimilaritySummary& moved) {
  // Nullopt is less than every value.
  return std::max(summary.of(Measure::spearman_magnitudes).mean, telling_ssim(summary, moved));
}

// How many layers, from the top on, are random while the map hardly changes.
std::size_t idle_layers(const std::vector<SimilaritySummary>& cascade,
                        const SimilaritySummary& moved) {
  const auto changed = std::find_if(cascade.begin(), cascade.end(), [&moved](const auto& summary) {
    return dependence_of(likeness(summary, moved)) != Dependence::hardly;
  });
  return static_cast<std::size_t>(changed - cascade.begin());
}

}  // namespace

std::string_view dependence_name(Dependence dependence) {
  switch (dependence) {
    case Dependence::clear: return "clear";
    case Dependence::partial: return "partial";
    case Dependence::lower_layers: return "lower_layers";
    case Dependence::hardly: return "hardly";
    case Dependence::unknown: return "unknown";
  }
  return {};
}

Verdict verdict_on_learning(const SanityMethod& method, const SanityResult& result) {
  const MethodSimilarities& similarities = method.similarities;
  const auto& cascade =
      similarities.randomised[static_cast<std::size_t>(RandomisedLayers::cascading)];
  const SimilaritySummary all_random = cascade.empty() ? SimilaritySummary{} : cascade.back();
  Verdict verdict = {.dependence = dependence_of(likeness(all_random, similarities.moved)),
                     .sentence = {}};
  if (verdict.dependence == Dependence::unknown) {
    verdict.sentence = judgement(method.name, verdict.dependence, kLearned) +
                       " With all layers random there are no two maps to compare.";
    return verdict;
  }
  const std::size_t layers = cascade.size(), idle = idle_layers(cascade, similarities.moved);
  if (idle < layers && static_cast<double>(idle) >= kManyLayers * static_cast<double>(layers)) {
    verdict.dependence = Dependence::lower_layers;
    verdict.sentence = fmt::format(
        "{}: the map hardly depends on what the upper {} of {} layers have learned. With these "
        "random, {}.",
        method.name, idle, layers, figures(cascade[idle - 1]));
  } else {
    verdict.sentence = judgement(method.name, verdict.dependence, kLearned);
  }
  const SimilaritySummary& edges = similarities.edges;
  verdict.sentence += fmt::format(
      " With all {} layers random, {} (SSIM of the map with itself, moved: {}); an edge detector, "
      "which has no weights, reaches {}, {} and {}.",
      result.layers.size(), figures(all_random), figure(similarities.moved.of(Measure::ssim)),
      figure(edges.of(Measure::spearman)), figure(edges.of(Measure::spearman_magnitudes)),
      figure(edges.of(Measure::ssim)));
  verdict.sentence += omissions(all_random);
  return verdict;
}

Verdict verdict_on_class(const SanityMethod& method) {
  const SimilaritySummary& swapped = method.similarities.runner_up;
  const auto least =
      std::min(swapped.of(Measure::spearman).mean, swapped.of(Measure::spearman_magnitudes).mean);
  Verdict verdict = {.dependence = dependence_of(least), .sentence = {}};
  verdict.sentence = judgement(method.name, verdict.dependence, "the class asked for");
  if (verdict.dependence == Dependence::unknown) {
    verdict.sentence += " For the second most probable class there are no two maps to compare.";
  } else {
    verdict.sentence += fmt::format(" For the second most probable class, {}.", figures(swapped)) +
                        omissions(swapped);
  }
  return verdict;
}

}  // namespace allconv
