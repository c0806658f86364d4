// The sanity test's page and numbers as files: nothing hostile is taken for markup, and every
// number is there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/explain/sanity_example.hpp"
#include "engine/explain/sanity_page.hpp"
#include "engine/explain/verdict.hpp"
#include "engine/support/json.hpp"
#include "engine/support/text.hpp"

namespace allconv {
namespace {

constexpr const char* kHostile = "<script>alert('\"&')</script>\xFF";

SimilaritySummary summary_of(double first) {
  SimilaritySummary summary;
  summary.pairs = 6;
  for (std::size_t i = 0; i < kSimilarityMeasures; ++i)
    summary.measures[i] = {
        .mean = first + 0.1 * static_cast<double>(i), .spread = 0.01, .compared = 5};
  return summary;
}

// Two layers, one method that is told and one of which nothing is known.
SanityResult small_result() {
  SanityResult result;
  result.origin = {.model = kHostile, .device = "cpu", .precision = "fp32"};
  result.network = kHostile;
  result.size = {.height = 2, .width = 3};
  result.layers = {"conv2", kHostile};
  result.seeds = {1, 18446744073709551615U};
  result.images = {{.path = kHostile, .predicted = "frog", .runner_up = kHostile}};
  SanityMethod method = {.name = "guided", .similarities = {}, .example = {}};
  method.similarities.randomised = {
      {{summary_of(0.75), summary_of(0.5)}, {summary_of(0.25), summary_of(0.125)}}};
  method.similarities.runner_up = summary_of(0);
  method.similarities.edges = summary_of(0.375);
  method.similarities.edges.measures[2] = {};
  method.similarities.other_image = summary_of(0.0625);
  method.example.learned = {0, 0.25, 1, 0, 0, 0};
  method.example.cascading = {{1, 1, 1, 1, 1, 1}, {}};
  result.methods = {method, {.name = kHostile, .similarities = {}, .example = {}}};
  result.methods[1].similarities.randomised = {
      {std::vector<SimilaritySummary>(2), std::vector<SimilaritySummary>(2)}};
  result.methods[1].example.cascading.resize(2);
  return result;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(SanityPage, EscapesNamesAndShowsEverything) {
  const SanityResult result = small_result();
  const std::string page = sanity_page(result);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find('\xFF'), std::string::npos);
  EXPECT_EQ(page.find("://"), std::string::npos);
  EXPECT_GT(count_of(page, "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;\uFFFD"), 5U);
  EXPECT_EQ(count_of(page, "<svg"), 6U);  // three measures, two modes
  EXPECT_EQ(count_of(page, "data:image/png;base64,"), 2U);
  EXPECT_NE(page.find("<li class=\"hardly\">guided: the map hardly depends on what was learned."),
            std::string::npos);
  EXPECT_NE(page.find("<li class=\"clear\">guided: the map depends on the class asked for."),
            std::string::npos);
  EXPECT_NE(page.find("<td>all layers random</td><td>0.500 \u00b1 0.010</td><td>0.600 \u00b1 0.010"
                      "</td><td>0.700 \u00b1 0.010</td><td>5 of 6</td>"),
            std::string::npos);
  EXPECT_NE(page.find("<td>edges of the picture</td><td>0.375 "), std::string::npos);
  // The control: the method's dashed line at 0.0625 on every layer.
  EXPECT_NE(page.find("guided: another image <b>0.0625</b>"), std::string::npos);
  EXPECT_NE(page.find("<td>another image's map</td>"), std::string::npos);
  EXPECT_NE(page.find("stroke-dasharray"), std::string::npos);
}

TEST(SanityJson, HasAllNumbers) {
  const std::string text = sanity_json(small_result());
  const nlohmann::json json = parse_json(text, {ErrorKind::internal, "sanity.json"});
  const std::string hostile = "<script>alert('\"&')</script>\uFFFD";
  EXPECT_EQ(json["network"], hostile);
  EXPECT_EQ(json["seeds"], (std::vector<std::uint64_t>{1, 18446744073709551615U}));
  EXPECT_EQ(json["model"], hostile);
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_EQ(json["precision"], "fp32");
  EXPECT_EQ(json["images"][0]["predicted"], "frog");
  EXPECT_EQ(json["images"][0]["path"], hostile);
  EXPECT_EQ(json["images"][0]["path_base64"], to_base64(kHostile));
  const nlohmann::json& guided = json["methods"][0];
  EXPECT_EQ(guided["learning"]["dependence"], "hardly");
  EXPECT_EQ(guided["class"]["dependence"], "clear");
  EXPECT_EQ(guided["cascading"].size(), 2U);
  EXPECT_EQ(guided["cascading"][1]["layer"], hostile);
  EXPECT_EQ(guided["cascading"][1]["pairs"], 6);
  EXPECT_EQ(guided["cascading"][0]["spearman"]["mean"], 0.75);
  EXPECT_EQ(guided["independent"][1]["spearman"]["mean"], 0.125);
  EXPECT_EQ(guided["independent"][1]["spearman_magnitudes"]["spread"], 0.01);
  EXPECT_EQ(guided["independent"][1]["ssim"]["compared"], 5);
  EXPECT_EQ(guided["edges"]["spearman"]["mean"], 0.375);
  EXPECT_EQ(guided["other_image"]["spearman"]["mean"], 0.0625);
  EXPECT_TRUE(guided["edges"]["ssim"]["mean"].is_null());
  EXPECT_EQ(json["methods"][1]["name"], hostile);
  EXPECT_EQ(json["methods"][1]["learning"]["dependence"], "unknown");
  EXPECT_TRUE(json["methods"][1]["cascading"][0]["ssim"]["spread"].is_null());
}

TEST(SanityFiles, KnowNoSecondClassWhereThereIsNone) {
  SanityResult result = small_result();
  result.images = {{.path = "a.png", .predicted = "frog", .runner_up = {}}};
  for (SanityMethod& method : result.methods) method.similarities.runner_up = {};
  const std::string page = sanity_page(result);
  EXPECT_NE(page.find("<td>a.png</td><td>frog</td><td>\u2013</td>"), std::string::npos);
  EXPECT_EQ(page.find("<td>second most probable class</td>"), std::string::npos);
  const nlohmann::json json = parse_json(sanity_json(result), {ErrorKind::internal, "json"});
  EXPECT_TRUE(json["images"][0]["runner_up"].is_null());
  EXPECT_FALSE(json["images"][0].contains("path_base64"));
}

TEST(SanityFiles, AreBothWritten) {
  const std::string folder = testing::TempDir() + "allconv_sanity_page";
  std::filesystem::create_directories(folder);
  const SanityResult result = small_result();
  write_sanity(result, folder);
  const auto content_of = [&folder](const char* name) {
    std::stringstream content;
    content << std::ifstream(folder + "/" + name).rdbuf();
    return content.str();
  };
  EXPECT_EQ(content_of("sanity.html"), sanity_page(result));
  EXPECT_EQ(content_of("sanity.json"), sanity_json(result));
  std::filesystem::remove_all(folder);
}

int grey_at(const Image& image, int y, int x) {
  const int place = 3 * (y * image.width + x);
  const std::uint8_t* pixel = image.pixels.data() + place;
  EXPECT_EQ(pixel[0], pixel[1]);
  EXPECT_EQ(pixel[0], pixel[2]);
  return pixel[0];
}

TEST(SanityExample, HasAMapBesideTheOther) {
  const SanityResult result = small_result();
  const Image strip = example_strip(result.methods[0].example, result.size);
  // Maps of 2x3 are enlarged 32 times, with gaps of 4.
  ASSERT_EQ(strip.height, 64);
  ASSERT_EQ(strip.width, 3 * 96 + 2 * 4);
  EXPECT_EQ(grey_at(strip, 0, 0), 0);
  EXPECT_EQ(grey_at(strip, 31, 32), 128);  // the root of 0.25
  EXPECT_EQ(grey_at(strip, 31, 95), 255);
  EXPECT_EQ(grey_at(strip, 32, 95), 0);
  EXPECT_EQ(grey_at(strip, 63, 100), 255);
  EXPECT_EQ(grey_at(strip, 0, 200), 136);  // no map
  EXPECT_EQ(grey_at(strip, 0, 97), 255);   // the gap
}

TEST(SanityExample, LeavesOutMapsButNotTheLast) {
  EXPECT_EQ(shown_depths(0), std::vector<std::size_t>{});
  EXPECT_EQ(shown_depths(3), (std::vector<std::size_t>{0, 1, 2}));
  const std::vector<std::size_t> many = shown_depths(1000);
  EXPECT_LE(many.size(), 17U);
  EXPECT_EQ(many.back(), 999U);
  SanityExample large = {.learned = std::vector<double>(60000), .cascading = {}};
  const Image strip = example_strip(large, {.height = 300, .width = 200});
  EXPECT_EQ(strip.height, 96);
  EXPECT_EQ(strip.width, 64);
}

}  // namespace
}  // namespace allconv
