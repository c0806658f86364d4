// Text and charts of a report: nothing that stands in them is taken for markup, and every value has
// its place.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/report/chart.hpp"
#include "engine/report/markup.hpp"

namespace allconv {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Markup, NothingIsTakenForMarkup) {
  EXPECT_EQ(escaped("<b a=\"1\" c='2'>&amp;"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
  EXPECT_EQ(escaped("Vögel\t鳥"), "Vögel\t鳥");
  EXPECT_EQ(escaped(std::string_view("a\0b\x1b\x7f", 5)),
            "a\uFFFD"
            "b\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\xFF<"), "\uFFFD&lt;");
}

TEST(Markup, LongTextIsShortenedByCharacters) {
  EXPECT_EQ(shortened("鳥鳥鳥", 3), "鳥鳥鳥");
  EXPECT_EQ(shortened("鳥鳥鳥鳥", 3), "鳥鳥…");
  EXPECT_EQ(character_count(shortened(std::string(100, 'x'), 24)), 24U);
  EXPECT_EQ(shortened("", 3), "");
}

TEST(Markup, WhatIsNotKnownIsADash) {
  EXPECT_EQ(percent_text({}), "–");
  EXPECT_EQ(number_text({}), "–");
  EXPECT_EQ(percent_text(0.12345), "12.35 %");
  EXPECT_EQ(number_text(13.1234567), "13.1235");
}

TEST(Ticks, AreRoundAndEncloseTheValues) {
  EXPECT_EQ(linear_ticks(0, 100, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(linear_ticks(0, 2.3, 5).back(), 2.5);
  EXPECT_EQ(linear_ticks(7, 7, 5).front(), 7);
  EXPECT_EQ(logarithmic_ticks(0.002, 0.03),
            (std::vector<double>{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1}));
  for (const auto& [low, high] : {std::pair{1e-9, 1e-2}, {3e-20, 1e8}, {5.0, 5.0}, {10.0, 10.0}}) {
    const std::vector<double> ticks = logarithmic_ticks(low, high);
    EXPECT_LE(ticks.front(), low * 1.001);
    EXPECT_GE(ticks.back(), high * 0.999);
    EXPECT_LT(ticks.size(), 13U);
    EXPECT_TRUE(std::is_sorted(ticks.begin(), ticks.end()));
  }
}

Chart chart_of(std::vector<std::optional<double>> values) {
  Chart chart = {.title = "A <title>", .unit = " %", .across = epoch_axis({}), .series = {}};
  for (std::size_t i = 0; i < values.size(); ++i)
    chart.across.places.push_back(static_cast<int>(i) + 1);
  chart.series = {{.name = "conv1 & co", .color = "red", .values = std::move(values)}};
  return chart;
}

// The path of the series: "M66.0 216.0L..."
std::string path_of(const Chart& chart) {
  const std::string figure = chart_figure(chart);
  const auto series = figure.find("class=\"series\"");
  if (series == std::string::npos) return "";
  const auto begin = figure.find(" d=\"", series) + 4;
  return figure.substr(begin, figure.find('"', begin) - begin);
}

TEST(Chart, LinesGoFromCornerToCornerAndAreEscaped) {
  const Chart chart = chart_of({0, 50, 100});
  EXPECT_EQ(path_of(chart), "M66.0 216.0L365.0 114.0L664.0 12.0");
  const std::string figure = chart_figure(chart);
  EXPECT_EQ(figure.find("<title>"), std::string::npos);
  EXPECT_NE(figure.find("conv1 &amp; co <b>100 %</b>"), std::string::npos);
  EXPECT_EQ(count_of(figure, "<circle"), 3U);
}

TEST(Chart, WhatIsNotKnownIsAGap) {
  EXPECT_EQ(count_of(path_of(chart_of({1, {}, 2, 3, NAN, 4})), "M"), 3U);
  EXPECT_EQ(path_of(chart_of({{}, {}})), "");
  EXPECT_FALSE(has_values(chart_of({{}, {}})));
  EXPECT_TRUE(has_values(chart_of({{}, 0})));
  EXPECT_EQ(chart_figure(chart_of({})).find("nan"), std::string::npos);
}

TEST(Chart, ALogarithmicOneLeavesZeroOut) {
  Chart chart = chart_of({0.01, 0, 1});
  chart.logarithmic = true;
  EXPECT_EQ(path_of(chart), "M66.0 216.0M664.0 12.0");
}

TEST(Chart, OneEpochStandsInTheMiddle) { EXPECT_EQ(path_of(chart_of({100})), "M365.0 12.0"); }

TEST(Chart, ManyEpochsAreThinnedOutButNotTheLast) {
  std::vector<std::optional<double>> values(100'000, 1.0);
  values.back() = 2.0;
  const std::string path = path_of(chart_of(values));
  EXPECT_LT(count_of(path, "L"), 610U);
  EXPECT_TRUE(path.ends_with("L664.0 12.0"));
}

TEST(Chart, AnAxisMayHaveLabels) {
  Chart chart = chart_of({1, 2});
  chart.across = labelled_axis("<layer>", {"conv2 & co", "conv1"});
  EXPECT_EQ(path_of(chart), "M215.5 114.0L514.5 12.0");
  const std::string figure = chart_figure(chart);
  EXPECT_NE(figure.find(">conv2 &amp;…</text>"), std::string::npos);
  EXPECT_NE(figure.find("x=\"514.5\" y=\"234\" text-anchor=\"middle\">conv1</text>"),
            std::string::npos);
  EXPECT_NE(figure.find(">&lt;layer&gt;</text>"), std::string::npos);
  EXPECT_EQ(figure.find("epoch"), std::string::npos);
}

TEST(Chart, OfManyLabelsSomeAreLeftOut) {
  Chart chart = chart_of({1});
  chart.across = labelled_axis("layer", std::vector<std::string>(1000, "label"));
  const std::size_t shown = count_of(chart_figure(chart), ">label</text>");
  EXPECT_GT(shown, 8U);
  EXPECT_LE(shown, 13U);
}

}  // namespace
}  // namespace allconv
