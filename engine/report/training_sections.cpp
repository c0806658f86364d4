// The parts of a report about the training itself: charts over its epochs, layers, dead starts.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>

#include "engine/report/chart.hpp"
#include "engine/report/document.hpp"
#include "engine/report/markup.hpp"
#include "engine/report/page.hpp"

namespace allconv {

namespace {

constexpr const char* kTrainColor = "#d9622b";
constexpr const char* kValidationColor = "#2b7fd9";

using Rows = std::span<const HistoryRow>;

// The rows of each attempt but the last, which begins anew behind a dead start; and that one's, or
// those of the last dead one where it has none yet.
struct Attempts {
  std::vector<Rows> dead;
  Rows shown;
};

Attempts attempts_of(Rows rows) {
  Attempts attempts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].metrics.dead_start) continue;
    attempts.dead.push_back(rows.subspan(begin, i + 1 - begin));
    begin = i + 1;
  }
  attempts.shown = rows.subspan(begin);
  if (attempts.shown.empty() && !attempts.dead.empty()) attempts.shown = attempts.dead.back();
  return attempts;
}

std::vector<int> epochs_of(Rows rows) {
  std::vector<int> epochs;
  for (const HistoryRow& row : rows) epochs.push_back(row.metrics.epoch);
  return epochs;
}

using FigureOf = std::function<std::optional<double>(const EpochMetrics&)>;

ChartSeries series_of(Rows rows, const char* name, const char* color, const FigureOf& figure) {
  ChartSeries series = {.name = name, .color = color, .values = {}};
  for (const HistoryRow& row : rows) series.values.push_back(figure(row.metrics));
  return series;
}

std::optional<double> hundredfold(std::optional<double> share) {
  return share ? std::optional(100 * *share) : std::nullopt;
}

using LayerFigure = std::optional<double> (*)(const LayerRecord&);

// A series a layer, of the layers that the last row has.
std::vector<ChartSeries> layer_series(Rows rows, LayerFigure figure) {
  std::vector<ChartSeries> all;
  const std::size_t count = rows.back().layers.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = rows.back().layers[i].name;
    ChartSeries series = {.name = name, .color = ordered_color(i, count), .values = {}};
    for (const HistoryRow& row : rows) {
      const bool has = i < row.layers.size() && row.layers[i].name == name;
      series.values.push_back(has ? figure(row.layers[i]) : std::nullopt);
    }
    const auto known = [](const auto& value) { return value.has_value(); };
    if (std::any_of(series.values.begin(), series.values.end(), known))
      all.push_back(std::move(series));
  }
  return all;
}

std::string charts(const std::vector<Chart>& all) {
  std::string text;
  for (const Chart& chart : all) {
    text += has_values(chart) ? chart_figure(chart)
                              : fmt::format("<p>{}: not known.</p>\n", escaped(chart.title));
  }
  return fmt::format("<div class=\"charts\">\n{}</div>", text);
}

std::string learning_section(Rows rows) {
  const ChartAxis epochs = epoch_axis(epochs_of(rows));
  Chart loss = {.title = "Training loss", .unit = "", .across = epochs, .series = {}};
  loss.series = {series_of(rows, "training", kTrainColor,
                           [](const EpochMetrics& metrics) { return metrics.train_loss; })};
  Chart error = {.title = "Share of wrong answers", .unit = " %", .across = epochs, .series = {}};
  error.series = {
      series_of(rows, "training", kTrainColor,
                [](const EpochMetrics& metrics) { return hundredfold(metrics.train_error); }),
      series_of(rows, "validation", kValidationColor,
                [](const EpochMetrics& metrics) { return hundredfold(metrics.validation_error); })};
  error.series.front().dashed = true;
  Chart rate = {.title = "Learning rate", .unit = "", .across = epochs, .series = {}};
  rate.series = {series_of(rows, "of the epoch's last step", kTrainColor,
                           [](const EpochMetrics& metrics) { return metrics.learning_rate; })};
  return page_section("learning", "Learning curves",
                      "Loss (nats) and error on training images are means over the epoch, while "
                      "the weights still change.",
                      charts({loss, error, rate}));
}

std::string layer_charts(Rows rows) {
  const ChartAxis epochs = epoch_axis(epochs_of(rows));
  const Chart weights = {
      .title = "Norm of the weights",
      .unit = "",
      .across = epochs,
      .series = layer_series(rows, [](const LayerRecord& layer) { return layer.weight_norm; })};
  const Chart gradients = {
      .title = "Norm of the gradient",
      .unit = "",
      .across = epochs,
      .series = layer_series(rows, [](const LayerRecord& layer) { return layer.gradient_norm; }),
      .logarithmic = true};
  const Chart dead = {.title = "Dead units",
                      .unit = " %",
                      .across = epochs,
                      .series = layer_series(rows, [](const LayerRecord& layer) {
                        return layer.dead && layer.units > 0
                                   ? std::optional(100.0 * *layer.dead / layer.units)
                                   : std::nullopt;
                      })};
  return page_section(
      "norms", "Layers over time",
      "L2 norms, of weights without biases; the gradient is that of the mean loss in the epoch's "
      "last step, on a logarithmic axis. A unit is dead whose ReLU passes nothing for 128 training "
      "images.",
      charts({weights, gradients, dead}));
}

// The layers of at least half of whose units nothing is passed.
std::string mostly_dead(const HistoryRow& row) {
  std::string names;
  for (const LayerRecord& layer : row.layers) {
    if (layer.dead && 2 * *layer.dead >= layer.units)
      names += fmt::format("{}{} ({} of {})", names.empty() ? "" : ", ", escaped(layer.name),
                           *layer.dead, layer.units);
  }
  return names.empty() ? "none" : names;
}

std::string dead_start_section(const std::vector<Rows>& dead) {
  if (dead.empty()) return {};
  std::string rows =
      "<tr><th>attempt</th><th>seed</th><th>ended in epoch</th><th>loss</th>"
      "<th>layers with half of their units dead</th></tr>\n";
  for (std::size_t i = 0; i < dead.size(); ++i) {
    const HistoryRow& last = dead[i].back();
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", i + 1,
                        *last.metrics.dead_start, last.metrics.epoch,
                        number_text(last.metrics.train_loss), mostly_dead(last));
  }
  return page_section("dead-starts", "Dead starts",
                      "These attempts did not begin to learn: their loss stayed where guessing has "
                      "it. What stands above is the last attempt.",
                      fmt::format("<table>\n{}</table>", rows));
}

}  // namespace

std::string training_sections(const ReportContent& content) {
  const Attempts attempts = attempts_of(content.history.rows);
  if (attempts.shown.empty()) {
    return page_section("learning", "Learning curves",
                        "The folder has no history of epochs yet, so there are no curves.", "");
  }
  return learning_section(attempts.shown) + layer_charts(attempts.shown) +
         dead_start_section(attempts.dead);
}

// Norms are those of the checkpoint's own tensors; dead units are counted at the ends of epochs.
std::string layer_section(const ReportContent& content) {
  const Checkpoint& checkpoint = content.newest.checkpoint;
  const Parameters& parameters = checkpoint.model.parameters;
  const std::vector<double> norms = weight_norms(parameters);
  const Rows shown = attempts_of(content.history.rows).shown;
  std::string rows =
      "<tr><th>layer</th><th>filters</th><th>window</th><th>norm of weights</th>"
      "<th>norm of gradient</th><th>dead units</th></tr>\n";
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto [k, c, r, s] = parameters[i].extent;
    std::string dead = "\u2013";
    if (!shown.empty() && i < shown.back().layers.size() && shown.back().layers[i].dead)
      dead = fmt::format("{} of {}", *shown.back().layers[i].dead, k);
    const auto gradient = i < checkpoint.gradient_norms.size()
                              ? std::optional(checkpoint.gradient_norms[i])
                              : std::nullopt;
    rows += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{} x {} x {}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        escaped(parameters[i].name), k, c, r, s, number_text(norms[i]), number_text(gradient),
        dead);
  }
  std::string words = "As the checkpoint has them.";
  if (!shown.empty())
    words += fmt::format(" Dead units are of the end of epoch {}.", shown.back().metrics.epoch);
  return page_section("layers", "Layers now", words, fmt::format("<table>\n{}</table>", rows));
}

}  // namespace allconv
