// What the verdicts say of similarities that are known.
#include "engine/explain/verdict.hpp"

#include <gtest/gtest.h>

namespace allconv {
namespace {

// By SimilarityMeasure: signed, magnitudes, SSIM.
using Figures = std::array<std::optional<double>, kSimilarityMeasures>;

constexpr Figures kControl = {0.0, 0.4, 0.1};

SimilaritySummary summary_of(const Figures& figures) {
  SimilaritySummary summary;
  summary.pairs = 4;
  for (std::size_t i = 0; i < kSimilarityMeasures; ++i)
    summary.measures[i] = {.mean = figures[i], .spread = {}, .compared = figures[i] ? 4U : 0U};
  return summary;
}

// Of a cascade from the top.
Verdict verdict_of(const std::vector<Figures>& cascade, const Figures& control = kControl) {
  SanityResult result;
  SanityMethod method = {.name = "any", .similarities = {}, .example = {}};
  for (const Figures& figures : cascade) {
    result.layers.emplace_back("conv");
    method.similarities.randomised[0].push_back(summary_of(figures));
  }
  method.similarities.other_image = summary_of(control);
  return verdict_on_learning(method, result);
}

// Of the signed correlation, whose control is zero.
Dependence dependence_of_signed(const std::vector<double>& cascade) {
  std::vector<Figures> figures;
  for (const double value : cascade) figures.push_back({value, 0.0, 0.0});
  return verdict_of(figures).dependence;
}

TEST(Verdict, GoesByTheLargestMeasureThatIsAboveItsControl) {
  const auto of = [](const Figures& all_random) { return verdict_of({all_random}).dependence; };
  EXPECT_EQ(of({0.5, 0.0, 0.0}), Dependence::hardly);
  EXPECT_EQ(of({0.49, 0.0, 0.0}), Dependence::partial);
  EXPECT_EQ(of({0.29, 0.0, 0.0}), Dependence::clear);
  EXPECT_EQ(of({0.0, 0.0, 0.5}), Dependence::hardly);
  EXPECT_EQ(of({-0.9, 0.52, 0.0}), Dependence::hardly);
  // As alike as the maps of different images, and no more.
  EXPECT_EQ(of({0.0, 0.35, 0.05}), Dependence::clear);
  EXPECT_EQ(of({0.0, 0.49, 0.0}), Dependence::clear);
  EXPECT_EQ(verdict_of({{0.1, 0.1, 0.8}}, {0.0, 0.0, 0.75}).dependence, Dependence::clear);
  // Guided backpropagation on photographs.
  EXPECT_EQ(of({0.38, 0.42, 0.11}), Dependence::partial);
}

TEST(Verdict, CannotBeSaidOfImagesThatAreTooMuchAlike) {
  const Verdict verdict = verdict_of({{0.6, 0.7, 0.8}}, {0.6, 0.8, 0.9});
  EXPECT_EQ(verdict.dependence, Dependence::unknown);
  EXPECT_NE(verdict.sentence.find("The maps of different images are too much alike to tell."),
            std::string::npos)
      << verdict.sentence;
  EXPECT_EQ(verdict_of({{1.0, 1.0, 1.0}}, {0.6, 0.8, 0.9}).dependence, Dependence::hardly);
}

TEST(Verdict, CannotBeSaidWithoutAControl) {
  const Verdict verdict = verdict_of({{0.9, 0.9, 0.9}}, {});
  EXPECT_EQ(verdict.dependence, Dependence::unknown);
  EXPECT_EQ(verdict_of({{0.1, 0.1, 0.1}}, {}).dependence, Dependence::unknown);
}

TEST(Verdict, SaysHowMuchIsAlike) {
  const auto says = [](const Figures& all_random, const char* words) {
    const std::string sentence = verdict_of({all_random}).sentence;
    return sentence.find(words) != std::string::npos;
  };
  EXPECT_TRUE(says({0.6, 0.0, 0.0}, "With all 1 layers random the map is still alike: "));
  EXPECT_TRUE(says({0.4, 0.0, 0.0}, " the map is alike in part: "));
  EXPECT_TRUE(says({0.2, 0.0, 0.0}, " the map is hardly alike: "));
  EXPECT_TRUE(says({0.0, 0.45, 0.0}, " the map is not clearly more alike than maps of different "));
}

TEST(Verdict, SaysHowManyUpperLayersDoNotMatter) {
  const Verdict verdict = verdict_of({{0.9, 0.8, 0.7}, {0.6, 0.5, 0.4}, {0.35, 0.2, 0.1}});
  EXPECT_EQ(verdict.dependence, Dependence::lower_layers);
  EXPECT_EQ(verdict.sentence,
            "any: the map hardly depends on what the upper 2 of 3 layers have learned. With these "
            "random the map is still alike: Spearman's correlation with the original map is 0.60, "
            "that of magnitudes 0.50, and SSIM 0.40. With all 3 layers random the map is alike in "
            "part: Spearman's correlation with the original map is 0.35, that of magnitudes 0.20, "
            "and SSIM 0.10. Maps of different images have 0.00, 0.40 and 0.10. The original map "
            "and the edges of its picture, which no weights change, have not defined, not defined "
            "and not defined.");
  EXPECT_EQ(dependence_of_signed({0.9, 0.4, 0.1}), Dependence::clear);  // one of three: not many
  EXPECT_EQ(dependence_of_signed({0.4, 0.9, 0.1}), Dependence::clear);  // it has changed above
  EXPECT_EQ(dependence_of_signed({0.9, 0.4, 0.4}), Dependence::partial);
}

TEST(Verdict, IsNoMilderForADipOnTheWay) {
  EXPECT_EQ(dependence_of_signed({0.9, 0.9, 0.5}), Dependence::hardly);
  EXPECT_EQ(dependence_of_signed({0.9, 0.9, 0.45, 0.6}), Dependence::hardly);
  EXPECT_EQ(dependence_of_signed({0.9, 0.9, 0.6, 0.45}), Dependence::lower_layers);
}

TEST(Verdict, OnTheClassGoesByTheLesserCorrelationThatCounts) {
  const auto of = [](const Figures& runner_up, const Figures& control) {
    SanityMethod method = {.name = "any", .similarities = {}, .example = {}};
    method.similarities.runner_up = summary_of(runner_up);
    method.similarities.other_image = summary_of(control);
    return verdict_on_class(method).dependence;
  };
  EXPECT_EQ(of({0.9, 0.9, 0.0}, kControl), Dependence::hardly);
  EXPECT_EQ(of({0.9, 0.45, 0.0}, kControl), Dependence::clear);  // as different images
  EXPECT_EQ(of({-0.9, 0.9, 0.9}, kControl), Dependence::clear);  // turned signs
  EXPECT_EQ(of({0.9, 0.9, 0.9}, {}), Dependence::unknown);
  EXPECT_EQ(of({std::nullopt, 0.9, 0.9}, kControl), Dependence::hardly);
  EXPECT_EQ(of({std::nullopt, std::nullopt, 0.9}, kControl), Dependence::unknown);
}

TEST(Verdict, OnTheClassSaysWhatIsAlike) {
  SanityMethod method = {.name = "any", .similarities = {}, .example = {}};
  method.similarities.other_image = summary_of(kControl);
  const auto says = [&method](const Figures& runner_up, const char* words) {
    method.similarities.runner_up = summary_of(runner_up);
    return verdict_on_class(method).sentence.find(words) != std::string::npos;
  };
  EXPECT_TRUE(says({0.1, 0.6, 0.0}, "class the map is alike in its magnitudes alone: "));
  EXPECT_TRUE(says({0.6, 0.1, 0.0}, "class the map is alike in its signed values alone: "));
  EXPECT_TRUE(says({0.6, 0.6, 0.0}, "class the map is still alike: "));
}

}  // namespace
}  // namespace allconv
