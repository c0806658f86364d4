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

// "Spearman's correlation with the original map is 0.02 ± 0.01, that of magnitudes ..."
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

// How far a measure speaks for likeness: see kAboveControl. Nullopt: it says nothing.
std::optional<double> telling(const SimilaritySummary& summary, const SimilaritySummary& control,
                              Measure measure) {
  const auto value = summary.of(measure).mean;
  const auto chance = control.of(measure).mean;
  if (!value || !chance) return std::nullopt;
  if (*value >= *chance + kAboveControl) return value;
  return *chance < kHardlyDependent ? std::optional<double>(0) : std::nullopt;
}

std::optional<double> likeness(const SimilaritySummary& summary, const SimilaritySummary& control) {
  // Nullopt is less than every value.
  return std::max({telling(summary, control, Measure::spearman),
                   telling(summary, control, Measure::spearman_magnitudes),
                   telling(summary, control, Measure::ssim)});
}

// How many layers, from the top on, are random while the map is still alike.
std::size_t idle_layers(const std::vector<SimilaritySummary>& cascade,
                        const SimilaritySummary& control) {
  const auto changed =
      std::find_if(cascade.begin(), cascade.end(), [&control](const auto& summary) {
        return dependence_of(likeness(summary, control)) != Dependence::hardly;
      });
  return static_cast<std::size_t>(changed - cascade.begin());
}

bool is_many(std::size_t layers, std::size_t of_all) {
  return static_cast<double>(layers) >= kManyLayers * static_cast<double>(of_all);
}

// Of a likeness as telling() gives it.
const char* likeness_words(double alike) {
  if (alike >= kHardlyDependent) return "the map is still alike";
  if (alike >= kPartlyDependent) return "the map is alike in part";
  return alike > 0 ? "the map is hardly alike"
                   : "the map is not clearly more alike than maps of different images";
}

const char* class_words(std::optional<double> with_signs, std::optional<double> magnitudes,
                        double least) {
  if (least < kPartlyDependent && magnitudes >= kPartlyDependent)
    return "the map is alike in its magnitudes alone";
  if (least < kPartlyDependent && with_signs >= kPartlyDependent)
    return "the map is alike in its signed values alone";
  return likeness_words(least);
}

std::string plain_figures(const SimilaritySummary& summary) {
  return fmt::format("{}, {} and {}", figure(summary.of(Measure::spearman)),
                     figure(summary.of(Measure::spearman_magnitudes)),
                     figure(summary.of(Measure::ssim)));
}

// What the same numbers are where nothing but position is common.
std::string control_sentence(const SimilaritySummary& control) {
  return fmt::format(" Maps of different images have {}.", plain_figures(control));
}

// `when` begins the sentence. Maps that can be compared say nothing for want of a control only.
std::string unknown_reason(const SimilaritySummary& summary, const SimilaritySummary& control,
                           const char* when) {
  const bool compared = summary.of(Measure::spearman_magnitudes).mean.has_value();
  if (!compared) return fmt::format(" {} there are no two maps to compare.", when);
  const char* const why = control.of(Measure::spearman_magnitudes).mean
                              ? "The maps of different images are too much alike to tell."
                              : "Without another image that has a map nothing can be said.";
  return fmt::format(" {} {}. {}", when, figures(summary), why);
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
  const SimilaritySummary& control = similarities.other_image;
  const auto& cascade =
      similarities.randomised[static_cast<std::size_t>(RandomisedLayers::cascading)];
  const SimilaritySummary all_random = cascade.empty() ? SimilaritySummary{} : cascade.back();
  const auto alike = likeness(all_random, control);
  const Dependence whole = dependence_of(alike);
  Verdict verdict = {.dependence = whole, .sentence = judgement(method.name, whole, kLearned)};
  if (whole == Dependence::unknown) {
    verdict.sentence += unknown_reason(all_random, control, "With all layers random");
    return verdict;
  }
  const std::size_t layers = cascade.size(), idle = idle_layers(cascade, control);
  if (whole != Dependence::hardly && is_many(idle, layers)) {
    verdict.dependence = Dependence::lower_layers;
    verdict.sentence = fmt::format(
        "{}: the map hardly depends on what the upper {} of {} layers have learned. With these "
        "random the map is still alike: {}.",
        method.name, idle, layers, figures(cascade[idle - 1]));
  }
  verdict.sentence += fmt::format(" With all {} layers random {}: {}.", result.layers.size(),
                                  likeness_words(*alike), figures(all_random));
  verdict.sentence += control_sentence(control);
  verdict.sentence += fmt::format(
      " The original map and the edges of its picture, which no weights change, have {}.",
      plain_figures(similarities.edges));
  verdict.sentence += omissions(all_random);
  return verdict;
}

Verdict verdict_on_class(const SanityMethod& method) {
  const SimilaritySummary& swapped = method.similarities.runner_up;
  const SimilaritySummary& control = method.similarities.other_image;
  const auto with_signs = telling(swapped, control, Measure::spearman);
  const auto magnitudes = telling(swapped, control, Measure::spearman_magnitudes);
  const auto least = with_signs && magnitudes ? std::min(with_signs, magnitudes)
                                              : std::max(with_signs, magnitudes);
  Verdict verdict = {.dependence = dependence_of(least), .sentence = {}};
  verdict.sentence = judgement(method.name, verdict.dependence, "the class asked for");
  if (swapped.pairs == 0) {
    verdict.sentence += " There is no other class to ask for.";
  } else if (verdict.dependence == Dependence::unknown) {
    verdict.sentence += unknown_reason(swapped, control, "For the second most probable class");
  } else {
    verdict.sentence += fmt::format(" For the second most probable class {}: {}.",
                                    class_words(with_signs, magnitudes, *least), figures(swapped)) +
                        control_sentence(control) + omissions(swapped);
  }
  return verdict;
}

}  // namespace allconv
