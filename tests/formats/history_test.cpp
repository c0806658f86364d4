// The history of a training: written and read again, whatever has happened to its file.
#include <gtest/gtest.h>

#include "engine/formats/history.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

HistoryHeader header() {
  return {.data = "/a \"folder\"",
          .validate = "/b",
          .epochs = 7,
          .network = "all-cnn-c",
          .batch_size = 128,
          .learning_rate = 0.05,
          .momentum = 0.9,
          .weight_decay = 0.001,
          .schedule = "cosine",
          .warm_up = 2,
          .augment = "flip,shift:5",
          .seed = 9};
}

const std::vector<LayerRecord> kLayers = {
    {.name = "a<b", .weight_norm = 1.5, .gradient_norm = 0.1, .units = 4, .dead = 3},
    {.name = "conv2", .weight_norm = 2.5, .gradient_norm = {}, .units = 2, .dead = {}}};

class Histories : public testing::Test {
 protected:
  std::string path() const { return history_path(folder_.path()); }

  // Opens the file and appends the rows of these epochs.
  void append(const KeptLines& kept, const std::vector<int>& epochs) const {
    MetricsFile file(path(), kept, to_json_line(header()));
    for (const int epoch : epochs)
      file.append({.epoch = epoch, .train_loss = epoch / 2.0}, kLayers);
  }

  std::vector<int> read_epochs() {
    warnings_ = 0;
    history_ = read_history(folder_.path(), [this](Severity, std::string_view) { ++warnings_; });
    std::vector<int> epochs;
    for (const HistoryRow& row : history_.rows) epochs.push_back(row.metrics.epoch);
    return epochs;
  }

  TemporaryFolder folder_;
  History history_;
  int warnings_ = 0;
};

TEST_F(Histories, AreReadAsTheyWereWritten) {
  append({}, {1, 2});
  MetricsFile(path(), {.epochs = 2}, to_json_line(header()))
      .append({.epoch = 3, .device_changed = true, .dead_start = 11}, kLayers);
  EXPECT_EQ(read_epochs(), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(warnings_, 0);
  ASSERT_TRUE(history_.header);
  EXPECT_EQ(*history_.header, header());
  EXPECT_EQ(history_.rows[1].layers, kLayers);
  EXPECT_EQ(history_.rows[1].metrics.train_loss, 1.0);
  EXPECT_FALSE(history_.rows[1].metrics.dead_start);
  EXPECT_TRUE(history_.rows[2].metrics.device_changed);
  EXPECT_EQ(history_.rows[2].metrics.dead_start, 11U);
}

TEST_F(Histories, AreCutToWhatIsKept) {
  append({}, {1, 2, 3});
  append({.epochs = 2}, {3, 3, 4});
  EXPECT_EQ(read_epochs(), (std::vector<int>{1, 2, 3, 4}));
  append({}, {1});
  EXPECT_EQ(read_epochs(), (std::vector<int>{1}));
}

TEST_F(Histories, AnotherHeaderIsReplacedAndTheRowsStay) {
  append({}, {1, 2});
  const std::string whole = read_bytes(path());
  write_bytes(path(), "{\"epochs\": 3}" + whole.substr(whole.find('\n')) + "torn");
  append({.epochs = 2}, {});
  EXPECT_EQ(read_bytes(path()), whole);
  EXPECT_EQ(folder_.files(), 1);
}

TEST_F(Histories, DamagedLinesArePassedOver) {
  EXPECT_EQ(read_epochs(), std::vector<int>{});  // no file
  append({}, {1, 2, 3});
  std::string text = read_bytes(path());
  text[text.find("\"epoch\": 2")] = '!';
  write_bytes(path(), text + R"({"epoch": 4, "la)");
  EXPECT_EQ(read_epochs(), (std::vector<int>{1, 3}));
  EXPECT_EQ(warnings_, 1);  // the last line is being written
  for (const char* line : {"[]", "{}", "1", "", R"({"epoch": 0, "layers": []})",
                           R"({"epoch": 1, "layers": [{"name": 1}]})", R"({"epoch": 1})",
                           R"({"epoch": 1, "train_loss": "x", "layers": []})"}) {
    write_bytes(path(), to_json_line(header()) + "\n" + line + "\n");
    EXPECT_EQ(read_epochs(), std::vector<int>{}) << line;
    EXPECT_EQ(warnings_, 1) << line;
  }
  write_bytes(path(), "{}\n" + to_json_line(EpochMetrics{.epoch = 1}, kLayers) + "\n");
  EXPECT_EQ(read_epochs(), std::vector<int>{1});
  EXPECT_FALSE(history_.header);
}

}  // namespace
}  // namespace allconv
