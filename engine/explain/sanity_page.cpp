#include "engine/explain/sanity_page.hpp"

#include <fmt/format.h>

#include "engine/data/encode_png.hpp"
#include "engine/explain/sanity_example.hpp"
#include "engine/explain/verdict.hpp"
#include "engine/report/chart.hpp"
#include "engine/report/document.hpp"
#include "engine/report/markup.hpp"
#include "engine/support/atomic_file.hpp"

namespace allconv {

namespace {

constexpr std::string_view kSanityStyle =
    R"(.verdicts { margin: 0; padding-left: 20px; max-width: 52em; }
.verdicts li { margin: 6px 0; overflow-wrap: anywhere; }
.verdicts .hardly, .verdicts .lower_layers { font-weight: 700; }
.maps { display: grid; gap: 10px; }
)";

constexpr std::array<SimilarityMeasure, kSimilarityMeasures> kMeasures = {
    SimilarityMeasure::spearman, SimilarityMeasure::spearman_magnitudes, SimilarityMeasure::ssim};

std::string verdict_item(const Verdict& verdict) {
  return fmt::format("<li class=\"{}\">{}</li>\n", dependence_name(verdict.dependence),
                     escaped(verdict.sentence));
}

std::string verdict_section(const SanityResult& result) {
  std::string learning, classes;
  for (const SanityMethod& method : result.methods) {
    learning += verdict_item(verdict_on_learning(method, result));
    classes += verdict_item(verdict_on_class(method));
  }
  return page_section("verdict", "Verdict", "",
                      fmt::format("<ul class=\"verdicts\">\n{}{}</ul>", learning, classes));
}

ChartSeries constant_series(std::string name, std::string color, std::optional<double> value,
                            std::size_t places) {
  return {.name = std::move(name),
          .color = std::move(color),
          .values = std::vector<std::optional<double>>(places, value),
          .dashed = true};
}

// A line a method, and dashed what that method's maps of different images have in common.
Chart similarity_chart(const SanityResult& result, RandomisedLayers mode,
                       SimilarityMeasure measure) {
  const bool cascading = mode == RandomisedLayers::cascading;
  Chart chart = {.title = std::string(measure_name(measure)),
                 .unit = "",
                 .across = labelled_axis(cascading ? "random from the top down to this layer"
                                                   : "the layer that is random",
                                         result.layers),
                 .series = {}};
  const std::size_t places = result.layers.size();
  for (std::size_t i = 0; i < result.methods.size(); ++i) {
    const MethodSimilarities& similarities = result.methods[i].similarities;
    const std::string color = ordered_color(i, result.methods.size());
    ChartSeries series = {.name = result.methods[i].name, .color = color, .values = {}};
    for (const SimilaritySummary& summary : similarities.randomised[static_cast<std::size_t>(mode)])
      series.values.push_back(summary.of(measure).mean);
    chart.series.push_back(std::move(series));
    chart.series.push_back(constant_series(result.methods[i].name + ": another image", color,
                                           similarities.other_image.of(measure).mean, places));
  }
  return chart;
}

std::string chart_section(const SanityResult& result, RandomisedLayers mode) {
  std::string figures;
  for (const SimilarityMeasure measure : kMeasures)
    figures += chart_figure(similarity_chart(result, mode, measure));
  const bool cascading = mode == RandomisedLayers::cascading;
  return page_section(
      std::string(mode_name(mode)),
      cascading ? "Random from the top" : "One random layer at a time",
      fmt::format(
          "Similarity to the map of the learned weights, mean over {} images and {} seeds. "
          "Dashed: that of the learned weights' maps of two different images, which is there "
          "without any likeness of what they show. A line that falls to its dashes is of a method "
          "that shows what was learned; one that stays far above them is of a method that shows "
          "the picture whatever was learned.",
          result.images.size(), result.seeds.size()),
      fmt::format("<div class=\"charts\">\n{}</div>", figures));
}

std::string figure_cell(const MeanSimilarity& similarity) {
  if (!similarity.mean) return "<td>\u2013</td>";
  const std::string spread =
      similarity.spread ? fmt::format(" \u00b1 {:.3f}", *similarity.spread) : std::string();
  return fmt::format("<td>{:.3f}{}</td>", *similarity.mean, spread);
}

std::string table_row(const std::string& method, const char* compared,
                      const SimilaritySummary& summary) {
  std::string cells;
  for (const SimilarityMeasure measure : kMeasures) cells += figure_cell(summary.of(measure));
  return fmt::format("<tr><td>{}</td><td>{}</td>{}<td>{} of {}</td></tr>\n", escaped(method),
                     compared, cells, summary.of(SimilarityMeasure::spearman_magnitudes).compared,
                     summary.pairs);
}

std::string number_section(const SanityResult& result) {
  std::string rows = "<tr><th>method</th><th>compared with</th>";
  for (const SimilarityMeasure measure : kMeasures)
    rows += fmt::format("<th>{}</th>", measure_name(measure));
  rows += "<th>pairs</th></tr>\n";
  for (const SanityMethod& method : result.methods) {
    const MethodSimilarities& similarities = method.similarities;
    const auto& cascade =
        similarities.randomised[static_cast<std::size_t>(RandomisedLayers::cascading)];
    if (!cascade.empty()) rows += table_row(method.name, "all layers random", cascade.back());
    if (similarities.runner_up.pairs > 0)
      rows += table_row(method.name, "second most probable class", similarities.runner_up);
    rows += table_row(method.name, "edges of the picture", similarities.edges);
    rows += table_row(method.name, "another image's map", similarities.other_image);
  }
  return page_section(
      "numbers", "Numbers",
      "Behind \u00b1 the standard deviation between seeds. A pair with a map that is constant or "
      "not a number is left out.",
      fmt::format("<table>\n{}</table>", rows));
}

std::string example_section(const SanityResult& result) {
  std::string figures;
  for (const SanityMethod& method : result.methods) {
    figures += fmt::format(
        "<figure><figcaption>{0}</figcaption><img alt=\"maps of {0}\" src=\"{1}\"></figure>\n",
        escaped(method.name), png_uri(encode_png(example_strip(method.example, result.size))));
  }
  std::string layers;
  for (const std::size_t depth : shown_depths(result.layers.size()))
    layers += (layers.empty() ? "" : ", ") + result.layers[depth];
  return page_section(
      "example", "One image",
      fmt::format(
          "<code>{}</code>, class {}: magnitudes with the learned weights, then with "
          "layers made random by the first seed from the top down to {}. Each map "
          "is stretched from its own least value, black, to its largest, white; brightness "
          "is the square root. Black all over: a constant map, of zeros as a rule. Grey all "
          "over: no map, or one that is not of finite numbers.",
          escaped(result.images.front().path), escaped(result.images.front().predicted),
          escaped(layers)),
      fmt::format("<div class=\"maps\">\n{}</div>", figures));
}

std::string image_section(const SanityResult& result) {
  std::string rows = "<tr><th>image</th><th>predicted</th><th>second most probable</th></tr>\n";
  for (const auto& image : result.images) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", escaped(image.path),
                        escaped(image.predicted),
                        image.runner_up.empty() ? "\u2013" : escaped(image.runner_up));
  }
  return page_section("images", "Images", "", fmt::format("<table>\n{}</table>", rows));
}

// What was done, so that the numbers can be made again.
std::string method_section() {
  return page_section(
      "method", "How it is measured",
      fmt::format(
          "After Adebayo et al. 2018 (arXiv 1810.03292) and Nie et al. 2018 (arXiv 1805.07039). "
          "Random layers have weights by He's rule and zero biases, drawn apart from those that "
          "training with the same seed starts from. A map is the sum over the three channels; its "
          "magnitudes are the sum of their absolute values. Spearman's correlation is that of "
          "ranks. SSIM has windows of 11 x 11 and sees magnitudes stretched to 0 to 1. Edges are "
          "the Sobel magnitude of the grey picture. The control compares each image's map with "
          "the next image's, both by the learned weights. A measure counts only where it is {2} "
          "above its control; of a single image, which has none, nothing can be said. A "
          "map hardly depends on what was learned where, with all layers random, the largest of "
          "the measures that count is {0} and more, in part from {1}. Where it is {0} and more "
          "down to half of the layers but not with all of them random, the map depends on what "
          "the lower layers learned only. It hardly depends on the class where the lesser of both "
          "correlations with the map of the second most probable class is {0} and more, in part "
          "from {1}, each only where it counts.",
          kHardlyDependent, kPartlyDependent, kAboveControl),
      "");
}

}  // namespace

std::string sanity_page(const SanityResult& result) {
  std::string seeds;
  for (const std::uint64_t seed : result.seeds)
    seeds += fmt::format("{}{}", seeds.empty() ? "" : ", ", seed);
  const std::string title =
      escaped(fmt::format("Sanity test of explanations of {}", result.network));
  const std::string words = fmt::format(
      "Do the maps show what the network has learned? {} images, random weights by the seeds {}.",
      result.images.size(), seeds);
  return html_document(
      {.title = title,
       .words = words,
       .style = std::string(kSanityStyle),
       .script = {},
       .body = verdict_section(result) + chart_section(result, RandomisedLayers::cascading) +
               chart_section(result, RandomisedLayers::independent) + example_section(result) +
               number_section(result) + image_section(result) + method_section()});
}

void write_sanity(const SanityResult& result, const std::string& folder) {
  write_file_atomically(folder + "/sanity.json", sanity_json(result));
  write_file_atomically(folder + "/sanity.html", sanity_page(result));
}

}  // namespace allconv
