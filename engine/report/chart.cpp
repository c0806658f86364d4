#include "engine/report/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/report/markup.hpp"

namespace allconv {

namespace {

// Units of the drawing.
constexpr double kWidth = 680, kHeight = 260;
constexpr double kLeft = 66, kRight = 664, kTop = 12, kBottom = 216;
constexpr std::size_t kMostPoints = 600;
constexpr std::size_t kMostDots = 40;  // places up to which each has a dot

struct Axis {
  double low = 0, high = 1;    // values
  double first = 0, last = 1;  // their places
  bool logarithmic = false;

  double at(double value) const {
    const auto scaled = [this](double number) { return logarithmic ? std::log10(number) : number; };
    return first + (scaled(value) - scaled(low)) / (scaled(high) - scaled(low)) * (last - first);
  }
};

// Nullopt for what cannot be drawn.
std::optional<double> drawable(const Chart& chart, const std::optional<double>& value) {
  const bool fits = value && std::isfinite(*value) && (!chart.logarithmic || *value > 0);
  return fits ? value : std::nullopt;
}

// Which of the axis' places are drawn: all, or every so many and the last.
std::vector<std::size_t> drawn_places(const Chart& chart) {
  const std::size_t count = chart.across.places.size();
  const std::size_t step = count / kMostPoints + 1;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < count; i += step) indices.push_back(i);
  if (count > 0 && indices.back() != count - 1) indices.push_back(count - 1);
  return indices;
}

// Linear ones begin at zero, which norms, shares, losses and rates have in common.
std::vector<double> value_ticks(const Chart& chart) {
  constexpr int kAbout = 5;
  double low = INFINITY;
  double high = -INFINITY;
  for (const ChartSeries& series : chart.series) {
    for (const auto& value : series.values) {
      if (!drawable(chart, value)) continue;
      low = std::min(low, *value);
      high = std::max(high, *value);
    }
  }
  if (!(low <= high)) return chart.logarithmic ? std::vector{1.0, 10.0} : std::vector{0.0, 1.0};
  return chart.logarithmic ? logarithmic_ticks(low, high)
                           : linear_ticks(std::min(low, 0.0), std::max(high, 0.0), kAbout);
}

std::string grid(const Chart& chart, const Axis& y, const std::vector<double>& ticks) {
  std::string lines;
  std::string words;
  for (const double tick : ticks) {
    lines += fmt::format(R"(<path d="M{} {:.1f}H{}"/>)", kLeft, y.at(tick), kRight);
    words += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{:.4g}{}</text>)", kLeft - 8,
                         y.at(tick) + 4, tick, escaped(chart.unit));
  }
  return fmt::format(R"(<g class="grid">{}</g><g class="ticks">{})", lines, words);
}

std::string tick_text(double across, const std::string& label) {
  return fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", across,
                     kBottom + 18, escaped(label));
}

std::string number_ticks(const std::vector<int>& places, const Axis& x) {
  constexpr int kAbout = 10;
  std::string words;
  double before = -1;
  for (const double tick : linear_ticks(x.low, x.high, kAbout)) {
    const double whole = std::round(tick);
    if (whole < places.front() || whole > places.back() || whole == before) continue;
    before = whole;
    words += tick_text(x.at(whole), fmt::format("{}", whole));
  }
  return words;
}

// As many labels as have room beside each other.
std::string label_ticks(const ChartAxis& across, const Axis& x) {
  constexpr std::size_t kMostLabels = 12, kCharacters = 8;
  const std::size_t step = (across.labels.size() - 1) / kMostLabels + 1;
  std::string words;
  for (std::size_t i = 0; i < across.labels.size(); i += step)
    words += tick_text(x.at(across.places[i]), shortened(across.labels[i], kCharacters));
  return words;
}

std::string line(const Chart& chart, const ChartSeries& series, const Axis& x, const Axis& y) {
  std::string path;
  std::string dots;
  bool joined = false;
  for (const std::size_t i : drawn_places(chart)) {
    const auto value = i < series.values.size() ? drawable(chart, series.values[i]) : std::nullopt;
    if (value) {
      const double across = x.at(chart.across.places[i]);
      path += fmt::format("{}{:.1f} {:.1f}", joined ? 'L' : 'M', across, y.at(*value));
      if (chart.across.places.size() <= kMostDots)
        dots += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="2.5" fill="{}"/>)", across,
                            y.at(*value), series.color);
    }
    joined = value.has_value();
  }
  if (path.empty()) return {};
  return fmt::format(R"(<path class="series" stroke="{}"{} d="{}"/>{})", series.color,
                     series.dashed ? R"( stroke-dasharray="6 4")" : "", path, dots);
}

std::string legend(const Chart& chart) {
  std::string items;
  for (const ChartSeries& series : chart.series) {
    const auto last = series.values.empty() ? std::nullopt : series.values.back();
    items += fmt::format(R"(<li><i style="background:{}"></i>{} <b>{}{}</b></li>)", series.color,
                         escaped(series.name), last ? fmt::format("{:.4g}", *last) : "\u2013",
                         last ? escaped(chart.unit) : "");
  }
  return fmt::format(R"(<ul class="legend">{}</ul>)", items);
}

}  // namespace

ChartAxis epoch_axis(std::vector<int> epochs) {
  return {.name = "epoch", .places = std::move(epochs)};
}

ChartAxis labelled_axis(std::string name, std::vector<std::string> labels) {
  std::vector<int> places(labels.size());
  std::iota(places.begin(), places.end(), 0);
  return {.name = std::move(name), .places = std::move(places), .labels = std::move(labels)};
}

bool has_values(const Chart& chart) {
  return std::any_of(chart.series.begin(), chart.series.end(), [](const ChartSeries& series) {
    return std::any_of(series.values.begin(), series.values.end(),
                       [](const auto& value) { return value.has_value(); });
  });
}

std::vector<double> linear_ticks(double low, double high, int about) {
  if (!(high > low)) high = low + 1;
  const double rough = (high - low) / about;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double digit : {5.0, 2.0, 1.0}) {
    if (digit * power >= rough * 0.999) step = digit * power;
  }
  std::vector<double> ticks;
  const double last = std::ceil(high / step - 1e-9);
  for (double i = std::floor(low / step + 1e-9); i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::vector<double> logarithmic_ticks(double low, double high) {
  constexpr int kFew = 3, kMany = 8;  // decades
  const int first = static_cast<int>(std::floor(std::log10(low) + 1e-9));
  const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log10(high) - 1e-9)));
  const int step = (last - first) / kMany + 1;
  std::vector<double> ticks;
  for (int decade = first; decade < last; decade += step) {
    const double power = std::pow(10, decade);
    ticks.push_back(power);
    if (last - first <= kFew) ticks.insert(ticks.end(), {2 * power, 5 * power});
  }
  const int end = first + (last - first + step - 1) / step * step;
  ticks.push_back(std::pow(10, end));
  return ticks;
}

std::string ordered_color(std::size_t index, std::size_t count) {
  const double share =
      count > 1 ? static_cast<double>(index) / static_cast<double>(count - 1) : 0.0;
  return fmt::format("hsl({:.0f} 65% 55%)", std::fmod(215 + 175 * share, 360));
}

std::string chart_figure(const Chart& chart) {
  std::string drawing;
  const std::vector<int>& places = chart.across.places;
  if (!places.empty()) {
    const std::vector<double> ticks = value_ticks(chart);
    const Axis y = {ticks.front(), ticks.back(), kBottom, kTop, chart.logarithmic};
    // A place alone stands in the middle; labels need room at both ends.
    const bool alone = places.front() == places.back();
    const double aside = !chart.across.labels.empty() ? 0.5 : alone ? 1 : 0;
    const Axis x = {.low = places.front() - aside,
                    .high = places.back() + aside,
                    .first = kLeft,
                    .last = kRight};
    drawing =
        grid(chart, y, ticks) +
        (chart.across.labels.empty() ? number_ticks(places, x) : label_ticks(chart.across, x)) +
        fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text></g>)",
                    (kLeft + kRight) / 2, kBottom + 36, escaped(chart.across.name));
    for (const ChartSeries& series : chart.series) drawing += line(chart, series, x, y);
  }
  const std::string title = escaped(chart.title);
  return fmt::format(
      "<figure><figcaption>{}</figcaption>\n"
      R"(<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>)"
      "\n{}</figure>\n",
      title, kWidth, kHeight, title, drawing, legend(chart));
}

}  // namespace allconv
