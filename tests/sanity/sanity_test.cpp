// Weights that are random in the layers that were asked for, and the sanity test's run and verdicts
// on methods whose dependence is known.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/explain/sanity.hpp"
#include "engine/explain/verdict.hpp"
#include "engine/graph/networks.hpp"
#include "engine/support/error.hpp"
#include "engine/train/initialise.hpp"

namespace allconv {
namespace {

constexpr RandomisedLayers kCascading = RandomisedLayers::cascading;
constexpr RandomisedLayers kIndependent = RandomisedLayers::independent;

// Three convolutions over a picture of 16x16.
Model small_model() {
  Model model;
  model.network = {.name = "small", .input = {3, 16, 16}, .layers = {}};
  for (const char* name : {"conv1", "conv2", "conv3"}) {
    model.network.layers.push_back(
        Conv2dLayer{.name = name, .filters = 4, .kernel = {3, 3}, .padding = Padding{1, 1, 1, 1}});
  }
  model.network.layers.push_back(GlobalAveragePoolLayer{});
  model.network.layers.push_back(SoftmaxLayer{});
  model.classes = {"cat", "dog", "frog", "ship"};
  model.parameters = initial_parameters(model.network, WeightRule::he, 99, 0.5F);
  return model;
}

// Indices of the layers that differ.
std::vector<std::size_t> changed_layers(const Parameters& one, const Parameters& other) {
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (one[i] != other[i]) changed.push_back(i);
  return changed;
}

TEST(Randomised, ChangesTheLayersAskedFor) {
  const Model model = small_model();
  const Parameters fresh = initial_parameters(model.network, WeightRule::he, 1);
  const std::vector<std::vector<std::size_t>> cascades = {{2}, {1, 2}, {0, 1, 2}};
  for (std::size_t depth = 0; depth < 3; ++depth) {
    const auto cascade = randomised(model.parameters, fresh, {kCascading, depth});
    EXPECT_EQ(changed_layers(model.parameters, cascade), cascades[depth]);
    for (const std::size_t i : cascades[depth]) EXPECT_EQ(cascade[i], fresh[i]);
    const auto alone = randomised(model.parameters, fresh, {kIndependent, depth});
    EXPECT_EQ(changed_layers(model.parameters, alone), std::vector{2 - depth});
    EXPECT_EQ(alone[2 - depth], fresh[2 - depth]);
  }
  EXPECT_EQ(randomised(model.parameters, fresh, {kCascading, 2}), fresh);
}

TEST(Randomised, IsAFunctionOfTheSeed) {
  const Model model = small_model();
  const auto of_seed = [&model](std::uint64_t seed) {
    return randomised(model.parameters, initial_parameters(model.network, WeightRule::he, seed),
                      {kCascading, 1});
  };
  EXPECT_EQ(of_seed(1), of_seed(1));
  EXPECT_EQ(changed_layers(of_seed(1), of_seed(2)), (std::vector<std::size_t>{1, 2}));
}

constexpr std::size_t kPlaces = std::size_t{16} * 16;

std::vector<float> noise(std::size_t seed) {
  std::mt19937 generator(static_cast<unsigned>(seed));
  std::normal_distribution<float> normal;
  std::vector<float> map(3 * kPlaces);
  for (float& value : map) value = normal(generator);
  return map;
}

// A number that other weights of a layer change.
std::size_t fingerprint(const LayerParameters& layer) {
  double sum = 0;
  for (const float weight : layer.weights) sum = 0.5 * sum + static_cast<double>(weight);
  return std::hash<double>()(sum);
}

SanityRequest request_of(std::size_t images, std::vector<std::string> methods) {
  SanityRequest request;
  for (std::size_t i = 0; i < images; ++i) {
    request.images.push_back({.path = std::to_string(i),
                              .predicted = i % 4,
                              .runner_up = 3 - i % 4,
                              .picture = noise(i)});
  }
  request.methods = std::move(methods);
  return request;
}

// Method 0 shows the picture, whatever weights and class; method 1 noise that weights and class
// choose; method 2 noise that the first layer's weights choose, with a sign that the class chooses.
void explain_by_known_methods(const Parameters& parameters, std::span<const std::size_t> classes,
                              const MapSink& sink) {
  std::size_t weights = 0;
  for (const LayerParameters& layer : parameters) weights = 31 * weights + fingerprint(layer);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    std::vector<float> map = noise(i);
    sink(i, 0, map);
    sink(i, 1, noise(weights + 1000 * classes[i] + i));
    map = noise(fingerprint(parameters.front()) + i);
    for (float& value : map) value *= classes[i] % 2 == 0 ? 1.0F : -1.0F;
    sink(i, 2, map);
  }
}

const SimilaritySummary& at(const SanityMethod& method, RandomisedLayers mode, std::size_t depth) {
  return method.similarities.randomised[static_cast<std::size_t>(mode)][depth];
}

double mean(const SimilaritySummary& summary, SimilarityMeasure measure) {
  return summary.of(measure).mean.value_or(NAN);
}

SanityResult known_result() {
  return run_sanity_test(small_model(), request_of(4, {"picture", "noise", "first layer"}),
                         explain_by_known_methods);
}

TEST(SanityTest, FindsMapsThatDoNotDependOnTheWeights) {
  const SanityResult result = known_result();
  const SanityMethod& picture = result.methods[0];
  for (const RandomisedLayers mode : {kCascading, kIndependent}) {
    for (std::size_t depth = 0; depth < 3; ++depth) {
      const SimilaritySummary& summary = at(picture, mode, depth);
      EXPECT_EQ(summary.pairs, 12U);
      for (const MeanSimilarity& measure : summary.measures) {
        EXPECT_NEAR(*measure.mean, 1, 1e-12);
        EXPECT_NEAR(*measure.spread, 0, 1e-12);
        EXPECT_EQ(measure.compared, 12U);
      }
    }
  }
  const Verdict learning = verdict_on_learning(picture, result);
  EXPECT_EQ(learning.dependence, Dependence::hardly);
  EXPECT_EQ(
      learning.sentence.find("picture: the map hardly depends on what was learned. With all 3 "
                             "layers random, Spearman's correlation with the original map is "
                             "1.00 \u00b1 0.00, that of magnitudes 1.00 \u00b1 0.00, and SSIM "
                             "1.00 \u00b1 0.00"),
      0U)
      << learning.sentence;
  const Verdict on_class = verdict_on_class(picture);
  EXPECT_EQ(on_class.dependence, Dependence::hardly);
  EXPECT_EQ(on_class.sentence,
            "picture: the map hardly depends on the class asked for. For the second most probable "
            "class, Spearman's correlation with the original map is 1.00, that of magnitudes 1.00, "
            "and SSIM 1.00.");
}

TEST(SanityTest, FindsMapsThatDepend) {
  const SanityResult result = known_result();
  const SanityMethod& method = result.methods[1];
  for (const RandomisedLayers mode : {kCascading, kIndependent}) {
    for (std::size_t depth = 0; depth < 3; ++depth) {
      for (const MeanSimilarity& measure : at(method, mode, depth).measures) {
        EXPECT_LT(std::abs(*measure.mean), 0.1);
        EXPECT_GT(*measure.spread, 0);
      }
    }
  }
  const Verdict learning = verdict_on_learning(method, result);
  EXPECT_EQ(learning.dependence, Dependence::clear);
  EXPECT_EQ(learning.sentence.find("noise: the map depends on what was learned. "), 0U);
  EXPECT_EQ(verdict_on_class(method).dependence, Dependence::clear);
}

TEST(SanityTest, TellsLayersAndSignsApart) {
  const SanityResult result = known_result();
  EXPECT_EQ(result.layers, (std::vector<std::string>{"conv3", "conv2", "conv1"}));
  const SanityMethod& method = result.methods[2];
  constexpr auto kSigned = SimilarityMeasure::spearman;
  constexpr auto kMagnitudes = SimilarityMeasure::spearman_magnitudes;
  EXPECT_NEAR(mean(at(method, kCascading, 1), kSigned), 1, 1e-12);
  EXPECT_LT(mean(at(method, kCascading, 2), kSigned), 0.1);
  EXPECT_NEAR(mean(at(method, kIndependent, 1), kSigned), 1, 1e-12);
  EXPECT_LT(mean(at(method, kIndependent, 2), kSigned), 0.1);
  EXPECT_EQ(verdict_on_learning(method, result).dependence, Dependence::lower_layers);
  // Classes i and 3 - i differ in the sign alone.
  EXPECT_NEAR(mean(method.similarities.runner_up, kSigned), -1, 1e-12);
  EXPECT_NEAR(mean(method.similarities.runner_up, kMagnitudes), 1, 1e-12);
  EXPECT_EQ(verdict_on_class(method).dependence, Dependence::clear);
}

TEST(SanityTest, ComparesTheEdgesOfEachPicture) {
  SanityRequest request = request_of(2, {"edges", "noise"});
  const MapSize size = {.height = 16, .width = 16};
  const auto explain = [&](const Parameters&, std::span<const std::size_t> classes,
                           const MapSink& sink) {
    for (std::size_t i = 0; i < classes.size(); ++i) {
      std::vector<float> map(3 * kPlaces);
      const std::vector<double> edges = edge_map(request.images[i].picture, size);
      for (std::size_t place = 0; place < kPlaces; ++place)
        map[3 * place] = static_cast<float>(edges[place]);
      sink(i, 0, map);
      sink(i, 1, noise(77 + i));
    }
  };
  const SanityResult result = run_sanity_test(small_model(), request, explain);
  for (const MeanSimilarity& measure : result.methods[0].similarities.edges.measures)
    EXPECT_NEAR(*measure.mean, 1, 1e-6);
  for (const MeanSimilarity& measure : result.methods[1].similarities.edges.measures)
    EXPECT_LT(std::abs(*measure.mean), 0.15);
  EXPECT_LT(std::abs(mean(result.methods[0].similarities.moved, SimilarityMeasure::ssim)), 0.15);
}

TEST(SanityTest, AsksForTheRightClassesAsOftenAsItSays) {
  const Model model = small_model();
  const SanityRequest request = request_of(2, {"any"});
  std::vector<std::vector<std::size_t>> asked;
  std::size_t learned = 0;
  run_sanity_test(
      model, request,
      [&](const Parameters& parameters, std::span<const std::size_t> classes, const MapSink& sink) {
        asked.emplace_back(classes.begin(), classes.end());
        learned += parameters == model.parameters ? 1 : 0;
        sink(0, 0, noise(1));
      });
  EXPECT_EQ(asked.size(), 2 + 2 * 3 * 3U);
  EXPECT_EQ(asked.size(), sanity_passes(model, request));
  EXPECT_EQ(learned, 2U);
  for (std::size_t i = 0; i + 1 < asked.size(); ++i)
    EXPECT_EQ(asked[i], (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(asked.back(), (std::vector<std::size_t>{3, 2}));
}

TEST(SanityTest, LeavesOutWhatIsNoMap) {
  // Image 0 has zeros by random weights, image 1 has no map by the learned ones.
  const Model model = small_model();
  SanityRequest request = request_of(3, {"half"});
  for (SanityImage& image : request.images) image.runner_up = image.predicted;
  const auto explain = [&](const Parameters& parameters, std::span<const std::size_t>,
                           const MapSink& sink) {
    const bool learned = parameters == model.parameters;
    sink(0, 0, learned ? noise(0) : std::vector<float>(3 * kPlaces));
    if (!learned) sink(1, 0, noise(1));
    sink(2, 0, noise(2));
  };
  const SanityResult result = run_sanity_test(model, request, explain);
  const SanityMethod& method = result.methods[0];
  EXPECT_EQ(at(method, kCascading, 0).of(SimilarityMeasure::ssim).compared, 3U);
  EXPECT_EQ(at(method, kCascading, 0).pairs, 9U);
  EXPECT_NEAR(mean(at(method, kCascading, 0), SimilarityMeasure::ssim), 1, 1e-12);
  const std::string sentence = verdict_on_learning(method, result).sentence;
  EXPECT_NE(sentence.find("Of 9 pairs of maps 6 are left out"), std::string::npos) << sentence;
  EXPECT_EQ(method.similarities.runner_up.pairs, 0U);
  EXPECT_EQ(verdict_on_class(method).dependence, Dependence::unknown);
}

TEST(SanityTest, WithoutAnyMapSaysThatItCannotBeSaid) {
  const SanityResult result =
      run_sanity_test(small_model(), request_of(1, {"none"}),
                      [](const Parameters&, std::span<const std::size_t>, const MapSink&) {});
  const Verdict verdict = verdict_on_learning(result.methods[0], result);
  EXPECT_EQ(verdict.dependence, Dependence::unknown);
  EXPECT_EQ(verdict.sentence,
            "none: it cannot be said whether the map depends on what was learned. With all layers "
            "random there are no two maps to compare.");
}

TEST(SanityTest, RefusesToTestNothing) {
  const Model model = small_model();
  SanityRequest request = request_of(1, {"any"});
  EXPECT_THROW(run_sanity_test(model, request_of(0, {"any"}), explain_by_known_methods), Error);
  EXPECT_THROW(run_sanity_test(model, request_of(1, {}), explain_by_known_methods), Error);
  request.seeds.clear();
  EXPECT_THROW(run_sanity_test(model, request, explain_by_known_methods), Error);
}

// A method whose maps have these similarities with all three layers random.
struct Similarities {
  double magnitudes, ssim, moved_ssim;
  std::array<double, 2> magnitudes_before = {0, 0};  // with one and two layers random
};

Verdict verdict_of(const Similarities& similarities) {
  SanityResult result;
  result.layers = {"conv3", "conv2", "conv1"};
  SanityMethod method = {.name = "any", .similarities = {}, .example = {}};
  auto& cascade = method.similarities.randomised[0];
  cascade.resize(3);
  for (std::size_t i = 0; i < 2; ++i)
    cascade[i].measures[1].mean = similarities.magnitudes_before[i];
  cascade[2].measures[1].mean = similarities.magnitudes;
  cascade[2].measures[2].mean = similarities.ssim;
  method.similarities.moved.measures[2].mean = similarities.moved_ssim;
  return verdict_on_learning(method, result);
}

TEST(Verdict, GoesByTheLargerSimilarityThatSaysSomething) {
  const auto of = [](const Similarities& similarities) {
    return verdict_of(similarities).dependence;
  };
  EXPECT_EQ(of({.magnitudes = 0.5, .ssim = 0, .moved_ssim = 0}), Dependence::hardly);
  EXPECT_EQ(of({.magnitudes = 0.49, .ssim = 0, .moved_ssim = 0}), Dependence::partial);
  EXPECT_EQ(of({.magnitudes = 0.29, .ssim = 0.2, .moved_ssim = 0}), Dependence::clear);
  EXPECT_EQ(of({.magnitudes = -0.9, .ssim = 0.5, .moved_ssim = 0.3}), Dependence::hardly);
  // Dark maps are alike wherever they are moved.
  EXPECT_EQ(of({.magnitudes = 0.1, .ssim = 0.8, .moved_ssim = 0.75}), Dependence::clear);
}

TEST(Verdict, SaysHowManyUpperLayersDoNotMatter) {
  const auto of = [](double first, double second, double all) {
    return verdict_of(
        {.magnitudes = all, .ssim = 0, .moved_ssim = 0, .magnitudes_before = {first, second}});
  };
  const Verdict verdict = of(0.9, 0.6, 0.1);
  EXPECT_EQ(verdict.dependence, Dependence::lower_layers);
  EXPECT_EQ(
      verdict.sentence.find("any: the map hardly depends on what the upper 2 of 3 layers have "
                            "learned. With these random, Spearman's correlation with the "
                            "original map is not defined, that of magnitudes 0.60, "),
      0U)
      << verdict.sentence;
  EXPECT_EQ(of(0.9, 0.4, 0.1).dependence, Dependence::clear);   // one layer of three is not many
  EXPECT_EQ(of(0.4, 0.9, 0.1).dependence, Dependence::clear);   // it has changed above
  EXPECT_EQ(of(0.9, 0.9, 0.5).dependence, Dependence::hardly);  // on any layer
  EXPECT_EQ(of(0.9, 0.4, 0.4).dependence, Dependence::partial);
}

}  // namespace
}  // namespace allconv
