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

// As JSON, without the newline.
std::string to_json_line(const ScoreRow& row, const std::string& decode = {}) {
  std::string line = row_lines(row, {.format = RowFormat::jsonl, .decode = decode});
  EXPECT_TRUE(line.ends_with("}\n"));
  line.pop_back();
  return line;
}

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

TEST(ScoreRow, SaysLastHowTheImageWasDecodedUnlessExactly) {
  ScoreRow row = frog();
  row.logits = {1};
  EXPECT_TRUE(to_json_line(row, "fast").ends_with(R"("logits": [1], "decode": "fast"})"));
  row.error = {ScoreRow::Stage::open, "gone"};
  EXPECT_TRUE(to_json_line(row, "fast").ends_with(R"("message": "gone"}, "decode": "fast"})"));
  const RowStyle style = {.format = RowFormat::csv, .decode = "fast"};
  EXPECT_EQ(rows_header(style),
            "path,rank,class,index,probability,error_stage,error_message,path_base64,decode\n");
  EXPECT_EQ(row_lines(row, style), "a/b.png,,,,,open,gone,,fast\n");
}

const RowStyle kPlainCsv = {.format = RowFormat::csv};

TEST(CsvRow, IsALineAGuess) {
  EXPECT_EQ(rows_header(kPlainCsv),
            "path,rank,class,index,probability,error_stage,error_message,path_base64\n");
  EXPECT_EQ(row_lines(frog(), kPlainCsv),
            "a/b.png,1,frog,6,0.93,,,\n"
            "a/b.png,2,cat,3,1e-08,,,\n");
  EXPECT_EQ(rows_header({.format = RowFormat::jsonl, .decode = "fast"}), "");
}

TEST(CsvRow, QuotesWhatWouldEndAField) {
  ScoreRow row = frog();
  row.top.pop_back();
  row.path = "a,b.png";
  row.top[0].class_name = "the \"frog\"";
  EXPECT_EQ(row_lines(row, kPlainCsv), "\"a,b.png\",1,\"the \"\"frog\"\"\",6,0.93,,,\n");
  row.path = "two\nlines";
  row.error = {ScoreRow::Stage::decode, "carriage\rreturn"};
  EXPECT_EQ(row_lines(row, kPlainCsv), "\"two\nlines\",,,,,decode,\"carriage\rreturn\",\n");
}

TEST(CsvRow, KeepsTheBytesOfPathsThatAreNotText) {
  ScoreRow row = frog();
  row.top.pop_back();
  row.path = "a\xFF.png";
  EXPECT_EQ(row_lines(row, kPlainCsv), "a\xEF\xBF\xBD.png,1,frog,6,0.93,,,Yf8ucG5n\n");
  row.path = std::string("a\0.png", 6);
  EXPECT_EQ(row_lines(row, kPlainCsv), "a\xEF\xBF\xBD.png,1,frog,6,0.93,,,YQAucG5n\n");
  row.path = "\xC3\xA9.png";
  EXPECT_EQ(row_lines(row, kPlainCsv), "\xC3\xA9.png,1,frog,6,0.93,,,\n");
}

TEST(RowFormat, IsToldByTheName) {
  EXPECT_EQ(row_format_of("a/out.jsonl"), RowFormat::jsonl);
  EXPECT_EQ(row_format_of("out.csv"), RowFormat::csv);
  for (const char* name : {"out.json", "out.csv.gz", "csv", ""})
    EXPECT_FALSE(row_format_of(name).has_value()) << name;
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
