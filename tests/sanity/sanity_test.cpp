// Weights that are random in the layers that were asked for, and the sanity test's run and verdicts
// on methods whose dependence is known.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/explain/sanity.hpp"
#include "engine/explain/verdict.hpp"
#include "engine/graph/initialise.hpp"
#include "engine/graph/networks.hpp"
#include "engine/support/error.hpp"

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
  const Parameters fresh = fresh_parameters(model.network, 1);
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
    return randomised(model.parameters, fresh_parameters(model.network, seed), {kCascading, 1});
  };
  EXPECT_EQ(of_seed(1), of_seed(1));
  EXPECT_EQ(changed_layers(of_seed(1), of_seed(2)), (std::vector<std::size_t>{1, 2}));
}

TEST(Randomised, IsNotWhereTrainingStarts) {
  const NetworkDescription network = small_model().network;
  for (const std::uint64_t seed : {0, 1, 2, 3}) {
    const Parameters start = initial_parameters(network, WeightRule::he, seed);
    EXPECT_EQ(changed_layers(fresh_parameters(network, seed), start),
              (std::vector<std::size_t>{0, 1, 2}));
  }
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

void explain_first_picture(const Parameters&, std::span<const std::size_t>, const MapSink& sink) {
  sink(0, 0, noise(0));
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
                             "layers random the map is still alike: Spearman's correlation with "
                             "the original map is "
                             "1.00 \u00b1 0.00, that of magnitudes 1.00 \u00b1 0.00, and SSIM "
                             "1.00 \u00b1 0.00"),
      0U)
      << learning.sentence;
  const Verdict on_class = verdict_on_class(picture);
  EXPECT_EQ(on_class.dependence, Dependence::hardly);
  EXPECT_EQ(on_class.sentence.find(
                "picture: the map hardly depends on the class asked for. For the second most "
                "probable class the map is still alike: Spearman's correlation with the original "
                "map is 1.00, that of magnitudes 1.00, and SSIM 1.00. Maps of different images "
                "have "),
            0U)
      << on_class.sentence;
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
}

TEST(SanityTest, ComparesEachMapWithTheNextImagesAsAControl) {
  // Maps are a common envelope, which all images share; image 1 has none.
  const auto explain = [](const Parameters&, std::span<const std::size_t> classes,
                          const MapSink& sink) {
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (i == 1) continue;
      std::vector<float> map = noise(i);
      for (std::size_t at = 0; at < map.size(); ++at) map[at] *= at < map.size() / 2 ? 9.0F : 1.0F;
      sink(i, 0, map);
    }
  };
  const SanityResult result = run_sanity_test(small_model(), request_of(4, {"any"}), explain);
  const SimilaritySummary& control = result.methods[0].similarities.other_image;
  EXPECT_EQ(control.pairs, 3U);
  const auto map = [](std::size_t image) {
    std::vector<float> values = noise(image);
    for (std::size_t at = 0; at < values.size() / 2; ++at) values[at] *= 9.0F;
    return comparable_map(values, {.height = 16, .width = 16});
  };
  for (std::size_t i = 0; i < kSimilarityMeasures; ++i) {
    const double expected = *map(0).similarity_to(map(2))[i] + *map(2).similarity_to(map(3))[i] +
                            *map(3).similarity_to(map(0))[i];
    EXPECT_NEAR(*control.measures[i].mean, expected / 3, 1e-12);
    EXPECT_FALSE(control.measures[i].spread);
  }
  EXPECT_GT(mean(control, SimilarityMeasure::spearman_magnitudes), 0.4);
  EXPECT_LT(std::abs(mean(control, SimilarityMeasure::spearman)), 0.15);
}

TEST(SanityTest, HasNoControlOfOneImage) {
  const SanityResult result =
      run_sanity_test(small_model(), request_of(1, {"picture"}), explain_first_picture);
  EXPECT_EQ(result.methods[0].similarities.other_image.pairs, 0U);
  const Verdict verdict = verdict_on_learning(result.methods[0], result);
  EXPECT_EQ(verdict.dependence, Dependence::unknown);
  EXPECT_NE(verdict.sentence.find("Without another image that has a map"), std::string::npos);
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
  EXPECT_EQ(verdict_on_class(method).sentence,
            "half: it cannot be said whether the map depends on the class asked for. There is no "
            "other class to ask for.");
  EXPECT_EQ(result.images[0].runner_up, "");
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

}  // namespace
}  // namespace allconv
