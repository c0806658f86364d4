#include <nlohmann/json.hpp>

#include "engine/explain/path_json.hpp"
#include "engine/explain/sanity_page.hpp"
#include "engine/explain/verdict.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

using nlohmann::ordered_json;

constexpr std::array<const char*, kSimilarityMeasures> kMeasureKeys = {
    "spearman", "spearman_magnitudes", "ssim"};

ordered_json number_json(std::optional<double> value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json summary_json(const SimilaritySummary& summary) {
  ordered_json json;
  json["pairs"] = summary.pairs;
  for (std::size_t i = 0; i < kSimilarityMeasures; ++i) {
    const MeanSimilarity& similarity = summary.measures[i];
    json[kMeasureKeys[i]] = {{"mean", number_json(similarity.mean)},
                             {"spread", number_json(similarity.spread)},
                             {"compared", similarity.compared}};
  }
  return json;
}

// By depth, each with its layer's name.
ordered_json layers_json(const std::vector<SimilaritySummary>& summaries,
                         const std::vector<std::string>& layers) {
  ordered_json list = ordered_json::array();
  for (std::size_t depth = 0; depth < summaries.size(); ++depth) {
    ordered_json json = {{"layer", to_utf8(layers[depth])}};
    json.update(summary_json(summaries[depth]));
    list.push_back(std::move(json));
  }
  return list;
}

ordered_json verdict_json(const Verdict& verdict) {
  return {{"dependence", std::string(dependence_name(verdict.dependence))},
          {"sentence", to_utf8(verdict.sentence)}};
}

ordered_json method_json(const SanityMethod& method, const SanityResult& result) {
  ordered_json json;
  json["name"] = to_utf8(method.name);
  json["learning"] = verdict_json(verdict_on_learning(method, result));
  json["class"] = verdict_json(verdict_on_class(method));
  const MethodSimilarities& similarities = method.similarities;
  for (const RandomisedLayers mode : {RandomisedLayers::cascading, RandomisedLayers::independent}) {
    json[std::string(mode_name(mode))] =
        layers_json(similarities.randomised[static_cast<std::size_t>(mode)], result.layers);
  }
  json["runner_up"] = summary_json(similarities.runner_up);
  json["edges"] = summary_json(similarities.edges);
  json["other_image"] = summary_json(similarities.other_image);
  return json;
}

}  // namespace

std::string sanity_json(const SanityResult& result) {
  ordered_json json;
  json["model"] = to_utf8(result.origin.model);
  json["network"] = to_utf8(result.network);
  json["device"] = to_utf8(result.origin.device);
  json["precision"] = to_utf8(result.origin.precision);
  json["seeds"] = result.seeds;
  json["thresholds"] = {{"hardly", kHardlyDependent},
                        {"partial", kPartlyDependent},
                        {"above_control", kAboveControl},
                        {"many_layers", kManyLayers}};
  json["methods"] = ordered_json::array();
  for (const SanityMethod& method : result.methods)
    json["methods"].push_back(method_json(method, result));
  json["images"] = ordered_json::array();
  for (const auto& image : result.images) {
    ordered_json of_image;
    add_path(of_image, image.path);
    of_image["predicted"] = to_utf8(image.predicted);
    of_image["runner_up"] =
        image.runner_up.empty() ? ordered_json(nullptr) : ordered_json(to_utf8(image.runner_up));
    json["images"].push_back(std::move(of_image));
  }
  return json.dump(2) + "\n";
}

}  // namespace allconv
