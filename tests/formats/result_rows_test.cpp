// Rows of results and metrics are the lines of the contract, byte for byte.
#include "engine/formats/result_rows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/formats/metrics.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

ScoreRow frog() { return {.path = "a/b.png", .top = {{"frog", 6, 0.93F}, {"cat", 3, 1e-8F}}}; }

TEST(ScoreRow, HasTheKeysInOrder) {
  ScoreRow row = frog();
  EXPECT_EQ(to_json_line(row),
            R"({"path": "a/b.png", "top": [{"class": "frog", "index": 6, "probability": 0.93}, )"
            R"({"class": "cat", "index": 3, "probability": 1e-08}]})");
  row.logits = {1.5F, -0.1F, 3e20F, 0};
  EXPECT_NE(to_json_line(row).find(R"(], "logits": [1.5, -0.1, 3e+20, 0]})"), std::string::npos);
}

TEST(ScoreRow, NumbersReadBackAsTheSameFloats) {
  ScoreRow row = frog();
  for (float number = 1e-38F; number < 1e38F; number *= 7.3F) row.logits.push_back(number);
  const auto parsed = nlohmann::json::parse(to_json_line(row));
  for (std::size_t i = 0; i < row.logits.size(); ++i)
    EXPECT_EQ(parsed.at("logits")[i].get<float>(), row.logits[i]);
}

TEST(ScoreRow, ErrorsStandInPlaceOfResults) {
  ScoreRow row = frog();
  row.error = {ScoreRow::Stage::decode, "ends \"early\"\n"};
  EXPECT_EQ(to_json_line(row),
            R"({"path": "a/b.png", "error": {"stage": "decode", "message": "ends \"early\"\n"}})");
  EXPECT_EQ(to_string(ScoreRow::Stage::open), "open");
  EXPECT_EQ(to_string(ScoreRow::Stage::network), "network");
}

TEST(ScoreRow, PathsThatAreNotUtf8KeepTheirBytesBesideThem) {
  ScoreRow row = frog();
  row.path = "a\xFF.png";
  row.top.clear();
  EXPECT_EQ(to_json_line(row),
            "{\"path\": \"a\xEF\xBF\xBD.png\", \"path_base64\": \"Yf8ucG5n\", \"top\": []}");
  row.error = {ScoreRow::Stage::open, "bad \xFE"};
  EXPECT_TRUE(nlohmann::json::accept(to_json_line(row)));
}

TEST(ScoreRow, NumbersThatAreNotFiniteBecomeAnError) {
  ScoreRow finite = frog();
  refuse_non_finite(finite);
  EXPECT_FALSE(finite.error.has_value());
  for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    ScoreRow by_logit = frog();
    by_logit.logits = {1, bad};
    refuse_non_finite(by_logit);
    ScoreRow by_probability = frog();
    by_probability.top[1].probability = bad;
    refuse_non_finite(by_probability);
    for (const ScoreRow& row : {by_logit, by_probability}) {
      EXPECT_EQ(nlohmann::json::parse(to_json_line(row)).at("error").at("stage"), "network");
      EXPECT_TRUE(row.top.empty() && row.logits.empty());
    }
  }
}

TEST(Metrics, UnknownIsNull) {
  EXPECT_EQ(to_json_line(EpochMetrics{.epoch = 1}),
            R"({"epoch": 1, "train_loss": null, "train_error": null, "validation_error": null, )"
            R"("learning_rate": null, "seconds": null, "images_per_second": null})");
  const EpochMetrics metrics = {.epoch = 12,
                                .train_loss = 2.25,
                                .train_error = 0.9,
                                .validation_error = std::nan(""),
                                .learning_rate = 0.05,
                                .seconds = 61.5,
                                .images_per_second = 813};
  EXPECT_EQ(to_json_line(metrics),
            R"({"epoch": 12, "train_loss": 2.25, "train_error": 0.9, "validation_error": null, )"
            R"("learning_rate": 0.05, "seconds": 61.5, "images_per_second": 813})");
}

TEST(Metrics, FileBeginsAnewAndGrowsByLines) {
  const TemporaryFolder folder;
  write_bytes(folder / "metrics.jsonl", "old");
  MetricsFile file(folder / "metrics.jsonl");
  std::string expected;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    const EpochMetrics metrics = {.epoch = epoch, .train_loss = 0.5};
    file.append(metrics);
    expected += to_json_line(metrics) + "\n";
    EXPECT_EQ(read_bytes(folder / "metrics.jsonl"), expected);
  }
  error_of(ErrorKind::io, [&] { MetricsFile(folder / "missing/metrics.jsonl"); });
}

}  // namespace
}  // namespace allconv
