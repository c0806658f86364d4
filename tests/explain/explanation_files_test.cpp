// The files of an explanation: their names, what they hold, and what a hostile name does not do.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "engine/data/encode_png.hpp"
#include "engine/explain/explanation_files.hpp"
#include "engine/report/canvas.hpp"
#include "tests/explain/pixels.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

constexpr const char* kHostile = "a/<script>alert('1')</script>&\"\xFF.png";

std::string path_of(std::size_t index) { return index == 1 ? kHostile : "set.tar:pets/cat.png"; }

// Pictures of 2x4 pixels; one cannot be read, one not decoded.
class TestSource : public ImageSource {
 public:
  explicit TestSource(std::size_t size) : size_(size) {}

  std::size_t size() const override { return size_; }
  std::string path(std::size_t index) const override { return path_of(index); }
  int label(std::size_t) const override { return kNoLabel; }
  bool sequential() const override { return true; }
  ReadResult read(std::size_t index, MemoryBudget& memory) const override {
    EXPECT_GE(index, next_) << "read backwards";
    next_ = index + 1;
    if (index == 3) return ImageError{ImageError::Stage::open, "gone"};
    EncodedImage image;
    image.bytes = index == 4 ? "no picture" : encode_png(filled_image(2, 4, {200, 200, 200}));
    image.memory = memory.take(image.bytes.size());
    return image;
  }

 private:
  std::size_t size_;
  mutable std::size_t next_ = 0;
};

ExplanationSubject subject() {
  return {.model = "m<1>.safetensors",
          .network = "net & co",
          .device = "a processor",
          .precision = "fp32",
          .layer = {},
          .classes = {"cat", "<b>dog</b>\" onload=\"x"},
          .methods = {"gradient", "guided"},
          .target = {.height = 1, .width = 2}};
}

class ExplanationFilesTest : public ::testing::Test {
 protected:
  void add(ExplanationFiles& files, std::size_t index) const {
    Explanation explanation{.index = index,
                            .path = path_of(index),
                            .failure = {},
                            .input = {},
                            .attributions = {},
                            .unit = {.channel = 1, .value = 2.5},
                            .predicted = index % 2,
                            .probability = 0.75};
    if (index == 2) {
      explanation.failure = {.stage = ScoreRow::Stage::decode, .message = "bad \xFF"};
    } else {
      explanation.attributions = {{"gradient", map_}, {"guided", zeros_}};
    }
    files.add(explanation);
  }

  // Explains so many images, the third a failure, and returns explanations.json.
  nlohmann::json run(std::size_t images, const ExplanationFileOptions& options = {},
                     const ExplanationSubject& about = subject()) {
    const DataSet data(std::make_shared<TestSource>(images), {});
    ExplanationFiles files(folder_.path(), about, options.pictures ? &data : nullptr, pool_,
                           options);
    for (std::size_t i = 0; i < images; ++i) add(files, i);
    files.finish();
    counts_ = files.counts();
    page_ = read_bytes(folder_ / "index.html");
    return nlohmann::json::parse(read_bytes(folder_ / "explanations.json"));
  }

  std::size_t occurrences(const std::string& words) const {
    std::size_t count = 0;
    for (auto at = page_.find(words); at != std::string::npos; at = page_.find(words, at + 1))
      ++count;
    return count;
  }

  TemporaryFolder folder_;
  ThreadPool pool_{2};
  std::vector<float> map_ = {1, 2, -1, -8, 0, 1}, zeros_ = std::vector<float>(6);
  ExplanationCounts counts_;
  std::string page_;
};

TEST_F(ExplanationFilesTest, HaveTheirNames) {
  run(5);
  for (const char* name : {"000000-cat.png", "000000-cat.gradient.png", "000000-cat.guided.png",
                           "000001-script_.png", "explanations.json", "index.html"})
    EXPECT_TRUE(read_bytes(folder_ / name).size() > 50) << name;
  EXPECT_EQ(folder_.files(), 8);
}

TEST_F(ExplanationFilesTest, HaveAnObjectAnImage) {
  const nlohmann::json json = run(5);
  EXPECT_EQ(json.at("model"), "m<1>.safetensors");
  EXPECT_EQ(json.at("device"), "a processor");
  EXPECT_EQ(json.at("precision"), "fp32");
  EXPECT_EQ(json.at("network"), "net & co");
  EXPECT_EQ(json.at("methods"), (std::vector<std::string>{"gradient", "guided"}));
  const nlohmann::json& images = json.at("images");
  ASSERT_EQ(images.size(), 5U);
  EXPECT_EQ(images[0].at("path"), "set.tar:pets/cat.png");
  EXPECT_EQ(images[0].at("strip"), "000000-cat.png");
  EXPECT_EQ(images[0].at("predicted").at("class"), "cat");
  EXPECT_EQ(images[0].at("predicted").at("probability"), 0.75);
  const nlohmann::json unit = {
      {"class", subject().classes[1]}, {"channel", 1}, {"row", 0}, {"column", 0}, {"value", 2.5}};
  EXPECT_EQ(images[0].at("unit"), unit);
  const nlohmann::json gradient = {{"method", "gradient"},
                                   {"least", -8},
                                   {"largest", 2},
                                   {"range", 8},
                                   {"signed_range", 7},
                                   {"all_zero", false},
                                   {"overlay", "000000-cat.gradient.png"}};
  EXPECT_EQ(images[0].at("maps")[0], gradient);
  EXPECT_EQ(images[0].at("maps")[1].at("all_zero"), true);
  EXPECT_FALSE(images[0].contains("path_base64"));
  EXPECT_TRUE(images[1].contains("path_base64"));
  EXPECT_EQ(images[2].at("error").at("stage"), "decode");
  EXPECT_FALSE(images[2].contains("predicted"));
}

TEST_F(ExplanationFilesTest, SayWhyPicturesAreMissing) {
  const nlohmann::json images = run(5).at("images");
  EXPECT_EQ(images[3].at("picture_error"), "gone");
  EXPECT_FALSE(images[4].at("picture_error").get<std::string>().empty());
  EXPECT_FALSE(images[4].contains("strip"));
  EXPECT_EQ(occurrences("No picture: "), 2U);
  EXPECT_EQ(counts_.images, 5U);
  EXPECT_EQ(counts_.failed, 1U);
  EXPECT_EQ(counts_.without_pictures, 2U);
  EXPECT_EQ(occurrences(" Pictures are missing of 2 images."), 1U);
  EXPECT_EQ(counts_.zero_maps, (std::vector<std::size_t>{0, 4}));
}

TEST_F(ExplanationFilesTest, KeepTheNamesOfDataThatChanged) {
  const DataSet shorter(std::make_shared<TestSource>(1), {});
  ExplanationFiles files(folder_.path(), subject(), &shorter, pool_);
  Explanation explanation;
  explanation.path = "old.png";
  explanation.attributions = {{"guided", map_}};
  files.add(explanation);
  add(files, 1);
  files.finish();
  const auto json = nlohmann::json::parse(read_bytes(folder_ / "explanations.json"));
  const nlohmann::json& images = json.at("images");
  EXPECT_EQ(images[0].at("path"), "old.png");
  EXPECT_TRUE(images[1].contains("path_base64"));
  for (const nlohmann::json& image : images) {
    EXPECT_EQ(image.at("picture_error"), "the data have changed since they were opened");
    EXPECT_TRUE(image.contains("maps"));
  }
  EXPECT_EQ(files.counts().without_pictures, 2U);
  EXPECT_EQ(folder_.files(), 2);
}

TEST_F(ExplanationFilesTest, TellWhereSomePicturesAreMissing) {
  PageEntry entry;
  entry.record.picture_error = "no <memory>";
  entry.record.maps.push_back(map_record("gradient", map_));
  entry.strip = encode_png(filled_image(1, 1, {0, 0, 0}));
  page_ =
      explanation_page(subject(), {entry}, {.images = 1, .without_pictures = 1, .zero_maps = {}});
  EXPECT_EQ(occurrences("data:image/png;base64,"), 1U);
  EXPECT_EQ(occurrences("<p>Not all pictures: no &lt;memory&gt;.</p>"), 1U);
  entry.record.picture_error.clear();
  page_ = explanation_page(subject(), {entry}, {.images = 1, .zero_maps = {}});
  EXPECT_EQ(occurrences("Not all pictures"), 0U);
  EXPECT_EQ(occurrences("Pictures are missing"), 0U);
}

TEST_F(ExplanationFilesTest, MayBeJsonAlone) {
  const nlohmann::json images = run(5, {.pictures = false}).at("images");
  EXPECT_EQ(images.size(), 5U);
  EXPECT_EQ(images[3].at("maps")[0].at("range"), 8);
  EXPECT_FALSE(images[3].contains("picture_error"));
  EXPECT_EQ(folder_.files(), 1);
}

TEST_F(ExplanationFilesTest, ArePagesWithoutForeignMarkup) {
  run(5);
  EXPECT_EQ(occurrences("<script>"), 1U);
  EXPECT_EQ(occurrences("<b>"), 0U);
  EXPECT_EQ(occurrences("m<1>"), 0U);
  EXPECT_EQ(occurrences("\" onload"), 0U);
  EXPECT_EQ(occurrences("&lt;script&gt;alert(&#39;1&#39;)"), 2U);  // its name, and its picture's
  EXPECT_EQ(occurrences("<figure "), 4U);
  EXPECT_EQ(occurrences("data:image/png;base64,"), 2U);
  EXPECT_EQ(occurrences("href=\"000001-script_.guided.png\""), 1U);
}

TEST_F(ExplanationFilesTest, AreAllThereWhereThePageIsFull) {
  const nlohmann::json json = run(70, {.page_images = 7});
  EXPECT_EQ(json.at("images").size(), 70U);
  EXPECT_EQ(occurrences("<figure "), 7U);
  EXPECT_EQ(occurrences("The first 7 of 69 images"), 1U);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "000069-cat.guided.png"));
}

TEST_F(ExplanationFilesTest, OfNoImagesAreWhole) {
  EXPECT_TRUE(run(0).at("images").empty());
  EXPECT_EQ(occurrences("<figure "), 0U);
}

TEST_F(ExplanationFilesTest, TellAUnitOfALayer) {
  ExplanationSubject about = subject();
  about.layer = "conv<3>";
  const nlohmann::json unit = run(1, {}, about).at("images")[0].at("unit");
  EXPECT_EQ(unit.at("layer"), "conv<3>");
  EXPECT_FALSE(unit.contains("class"));
  EXPECT_EQ(occurrences("conv&lt;3&gt;, channel 1 at row 0, column 0: 2.5"), 1U);
}

TEST_F(ExplanationFilesTest, HaveNullForWhatIsNoNumber) {
  map_.assign(6, std::numeric_limits<float>::infinity());
  ExplanationRecord record;
  record.unit.value = std::numeric_limits<double>::quiet_NaN();
  record.maps.push_back(map_record("gradient", map_));
  const auto json = nlohmann::json::parse(record_json(subject(), record));
  EXPECT_TRUE(json.at("unit").at("value").is_null());
  EXPECT_EQ(json.at("maps")[0].at("range"), 0);
  EXPECT_EQ(json.at("maps")[0].at("all_zero"), false);
}

TEST_F(ExplanationFilesTest, LeaveTheOldOnesUntilTheEnd) {
  write_bytes(folder_ / "explanations.json", "old");
  write_bytes(folder_ / "other", "stays");
  const DataSet data(std::make_shared<TestSource>(1), {});
  {
    ExplanationFiles files(folder_.path(), subject(), &data, pool_);
    add(files, 0);
  }
  EXPECT_EQ(read_bytes(folder_ / "explanations.json"), "old");
  EXPECT_EQ(folder_.files(), 2);
  EXPECT_EQ(run(1).at("images").size(), 1U);
  EXPECT_EQ(read_bytes(folder_ / "other"), "stays");
}

}  // namespace
}  // namespace allconv
