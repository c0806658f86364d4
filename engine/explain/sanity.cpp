#include "engine/explain/sanity.hpp"

#include <cmath>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

// Similarities of one kind as they come, of one method.
class SimilarityTotals {
 public:
  explicit SimilarityTotals(std::size_t seeds = 1) : sums_(seeds) {}

  void add(const MapSimilarity& similarity, std::size_t seed = 0) {
    for (std::size_t i = 0; i < kSimilarityMeasures; ++i) {
      if (!similarity[i]) continue;
      sums_[seed][i].value += *similarity[i];
      ++sums_[seed][i].count;
    }
  }

  SimilaritySummary summary(std::size_t pairs) const {
    SimilaritySummary summary;
    summary.pairs = pairs;
    for (std::size_t i = 0; i < kSimilarityMeasures; ++i) summary.measures[i] = mean_of(i);
    return summary;
  }

 private:
  struct Sum {
    double value = 0;
    std::size_t count = 0;
  };

  MeanSimilarity mean_of(std::size_t measure) const {
    MeanSimilarity result;
    double sum = 0;
    std::vector<double> seed_means;
    for (const auto& of_seed : sums_) {
      const Sum& one = of_seed[measure];
      if (one.count == 0) continue;
      sum += one.value;
      result.compared += one.count;
      seed_means.push_back(one.value / static_cast<double>(one.count));
    }
    if (result.compared > 0) result.mean = sum / static_cast<double>(result.compared);
    if (seed_means.size() > 1) result.spread = deviation(seed_means);
    return result;
  }

  // Of a sample, of two values at least.
  static double deviation(const std::vector<double>& values) {
    double mean = 0, squares = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    for (const double value : values) squares += (value - mean) * (value - mean);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
  }

  std::vector<std::array<Sum, kSimilarityMeasures>> sums_;  // by seed
};

class SanityRun {
 public:
  SanityRun(const Model& model, const SanityRequest& request, const ExplainImages& explain)
      : model_(model), request_(request), explain_(explain) {
    size_ = {.height = model.network.input.height, .width = model.network.input.width};
    for (const SanityImage& image : request.images) {
      predicted_.push_back(image.predicted);
      runner_up_.push_back(image.runner_up);
    }
  }

  SanityResult run() {
    describe();
    explain_learned();
    compare_edges();
    compare_other_images();
    compare_randomised(RandomisedLayers::cascading);
    compare_randomised(RandomisedLayers::independent);
    compare_runner_up();
    return std::move(result_);
  }

 private:
  const ComparableMap& learned(std::size_t image, std::size_t method) const {
    return learned_[image * request_.methods.size() + method];
  }

  void describe() {
    result_.origin = request_.origin;
    result_.network = model_.network.name;
    result_.size = size_;
    result_.seeds = request_.seeds;
    for (auto layer = model_.parameters.rbegin(); layer != model_.parameters.rend(); ++layer)
      result_.layers.push_back(layer->name);
    for (const SanityImage& image : request_.images) {
      const bool alone = image.predicted == image.runner_up;
      result_.images.push_back({image.path, model_.classes.at(image.predicted),
                                alone ? std::string() : model_.classes.at(image.runner_up)});
    }
    for (const std::string& name : request_.methods)
      result_.methods.push_back({.name = name, .similarities = {}, .example = {}});
  }

  void explain_learned() {
    learned_.resize(request_.images.size() * request_.methods.size());
    explain_(model_.parameters, predicted_,
             [this](std::size_t image, std::size_t method, std::span<const float> map) {
               learned_[image * request_.methods.size() + method] = comparable_map(map, size_);
             });
    for (std::size_t m = 0; m < result_.methods.size(); ++m) {
      const auto example = learned(0, m).unit_magnitudes();
      result_.methods[m].example.learned.assign(example.begin(), example.end());
    }
  }

  void compare_edges() {
    const std::size_t images = request_.images.size();
    std::vector<SimilarityTotals> edges(request_.methods.size());
    for (std::size_t i = 0; i < images; ++i) {
      const std::vector<double> map = edge_map(request_.images[i].picture, size_);
      const ComparableMap edge(map, map, size_);
      for (std::size_t m = 0; m < request_.methods.size(); ++m)
        edges[m].add(edge.similarity_to(learned(i, m)));
    }
    for (std::size_t m = 0; m < request_.methods.size(); ++m)
      result_.methods[m].similarities.edges = edges[m].summary(images);
  }

  // Each image that has a map with the next that has one, the last with the first.
  void compare_other_images() {
    for (std::size_t m = 0; m < request_.methods.size(); ++m) {
      std::vector<const ComparableMap*> maps;
      for (std::size_t i = 0; i < request_.images.size(); ++i)
        if (!learned(i, m).unit_magnitudes().empty()) maps.push_back(&learned(i, m));
      SimilarityTotals others;
      const std::size_t pairs = maps.size() > 1 ? maps.size() : 0;
      for (std::size_t i = 0; i < pairs; ++i)
        others.add(maps[i]->similarity_to(*maps[(i + 1) % pairs]));
      result_.methods[m].similarities.other_image = others.summary(pairs);
    }
  }

  void compare_randomised(RandomisedLayers mode) {
    for (std::size_t depth = 0; depth < model_.parameters.size(); ++depth) {
      std::vector<SimilarityTotals> totals(request_.methods.size(),
                                           SimilarityTotals(request_.seeds.size()));
      for (std::size_t seed = 0; seed < request_.seeds.size(); ++seed)
        compare_seed({.mode = mode, .depth = depth}, seed, totals);
      const std::size_t pairs = request_.images.size() * request_.seeds.size();
      for (std::size_t m = 0; m < totals.size(); ++m) {
        auto& randomised_layers = result_.methods[m].similarities.randomised;
        randomised_layers[static_cast<std::size_t>(mode)].push_back(totals[m].summary(pairs));
      }
    }
  }

  // `totals` by method. Fresh weights are drawn again for each place: it costs less than to keep
  // those of all seeds.
  void compare_seed(const RandomisedPlace& place, std::size_t seed,
                    std::vector<SimilarityTotals>& totals) {
    const bool shown = place.mode == RandomisedLayers::cascading && seed == 0;
    for (std::size_t m = 0; shown && m < totals.size(); ++m)
      result_.methods[m].example.cascading.emplace_back();
    const Parameters fresh = fresh_parameters(model_.network, request_.seeds[seed]);
    explain_(randomised(model_.parameters, fresh, place), predicted_,
             [&](std::size_t image, std::size_t method, std::span<const float> map) {
               const ComparableMap other = comparable_map(map, size_);
               totals[method].add(learned(image, method).similarity_to(other), seed);
               if (!shown || image != 0) return;
               const auto magnitudes = other.unit_magnitudes();
               result_.methods[method].example.cascading.back().assign(magnitudes.begin(),
                                                                       magnitudes.end());
             });
  }

  void compare_runner_up() {
    std::vector<SimilarityTotals> totals(request_.methods.size());
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < predicted_.size(); ++i) pairs += predicted_[i] != runner_up_[i];
    if (pairs > 0) {
      explain_(
          model_.parameters, runner_up_,
          [&](std::size_t image, std::size_t method, std::span<const float> map) {
            if (predicted_[image] == runner_up_[image]) return;
            totals[method].add(learned(image, method).similarity_to(comparable_map(map, size_)));
          });
    }
    for (std::size_t m = 0; m < totals.size(); ++m)
      result_.methods[m].similarities.runner_up = totals[m].summary(pairs);
  }

  const Model& model_;
  const SanityRequest& request_;
  const ExplainImages& explain_;
  MapSize size_;
  std::vector<std::size_t> predicted_, runner_up_;  // by image
  std::vector<ComparableMap> learned_;              // by image, then method
  SanityResult result_;
};

void check(const SanityRequest& request) {
  const auto need = [](bool there, const char* what) {
    if (!there) throw Error(ErrorKind::usage, std::string("the sanity test has no ") + what);
  };
  need(!request.images.empty(), "image to explain");
  need(!request.methods.empty(), "method to test");
  need(!request.seeds.empty(), "seed for random weights");
}

}  // namespace

std::size_t sanity_passes(const Model& model, const SanityRequest& request) {
  return 2 + kRandomisedLayers * model.parameters.size() * request.seeds.size();
}

SanityResult run_sanity_test(const Model& model, const SanityRequest& request,
                             const ExplainImages& explain) {
  check(request);
  return SanityRun(model, request, explain).run();
}

}  // namespace allconv
