// Pictures of a report, pixel by pixel, and which mistakes it shows.
#include <gtest/gtest.h>

#include "engine/report/pictures.hpp"

namespace allconv {
namespace {

using Pixel = std::array<int, 3>;

Pixel pixel(const Image& image, int y, int x) {
  const std::uint8_t* at = image.pixels.data() + 3 * (y * image.width + x);
  return {at[0], at[1], at[2]};
}

TEST(FilterTiles, AreScaledEachToItsOwnRange) {
  LayerParameters layer{.name = "conv1", .extent = {2, 3, 1, 2}, .weights = {}, .bias = {0, 0}};
  layer.weights = {-1, 0, 1, 1, 0, -1,  // red, green and blue of two places
                   7,  7, 7, 7, 7, 7};  // all alike
  const auto tiles = filter_tiles(layer);
  ASSERT_TRUE(tiles);
  // Windows of 1x2 are enlarged 18 times; two tiles beside each other with a gap of 8 around.
  ASSERT_EQ(tiles->height, 18 + 2 * 8);
  ASSERT_EQ(tiles->width, 2 * 36 + 3 * 8);
  EXPECT_EQ(pixel(*tiles, 8, 8), (Pixel{0, 255, 128}));
  EXPECT_EQ(pixel(*tiles, 25, 25), (Pixel{0, 255, 128}));
  EXPECT_EQ(pixel(*tiles, 8, 26), (Pixel{128, 255, 0}));
  EXPECT_EQ(pixel(*tiles, 8, 52), (Pixel{136, 136, 136}));
  EXPECT_EQ(pixel(*tiles, 7, 8), (Pixel{136, 136, 136}));
}

TEST(FilterTiles, AreOfColoursOnly) {
  LayerParameters layer{.name = "conv1", .extent = {1, 2, 1, 1}, .weights = {0, 1}, .bias = {0}};
  EXPECT_FALSE(filter_tiles(layer));
  layer.extent = {1, 3, 1, 100};
  layer.weights.resize(300);
  EXPECT_FALSE(filter_tiles(layer));
}

TEST(ConfusionPicture, IsDarkWhereTheRowIs) {
  const Image image = confusion_picture({{3, 0}, {0, 0}});
  EXPECT_EQ(image.height, 80);
  EXPECT_EQ(pixel(image, 39, 39), (Pixel{8, 48, 107}));
  for (const auto& [y, x] : {std::pair{0, 40}, {40, 0}, {79, 79}})
    EXPECT_EQ(pixel(image, y, x), (Pixel{238, 244, 250}));
  EXPECT_EQ(confusion_picture(ConfusionCounts(900, std::vector<std::uint64_t>(900))).width, 900);
}

TEST(MistakeList, KeepsTheSurestAndOfEqualOnesTheFirst) {
  MistakeList list(3);
  const float probabilities[] = {0.5F, 0.9F, 0.7F, 0.9F, 0.6F, 1.0F};
  for (std::size_t i = 0; i < 6; ++i)
    list.add(
        {.index = i, .label = 0, .predicted = i == 5 ? 0U : 1U, .probability = probabilities[i]});
  std::vector<std::size_t> indices;
  for (const Answer& answer : list.surest()) indices.push_back(answer.index);
  EXPECT_EQ(indices, (std::vector<std::size_t>{1, 3, 2}));
}

// Two pictures of one pixel each and one that cannot be read.
class OnePixelSource : public ImageSource {
 public:
  std::size_t size() const override { return 3; }
  std::string path(std::size_t index) const override { return std::to_string(index); }
  int label(std::size_t) const override { return 0; }
  ReadResult read(std::size_t index, MemoryBudget&) const override {
    if (index == 2) return ImageError{ImageError::Stage::open, "gone"};
    EncodedImage image;
    image.bytes = std::string("P6 1 1 255\n") + (index == 0 ? "\x01\x02\x03" : "\x0A\x0B\x0C");
    return image;
  }
};

TEST(ThumbnailSheet, HasTheImagesInTheOrderOfTheAnswers) {
  const DataSet data(std::make_shared<OnePixelSource>(), {"a"});
  const std::vector<Answer> answers = {{.index = 1}, {.index = 2}, {.index = 0}};
  const LoadOptions load = {.target = {.height = 20, .width = 40}};
  const ThumbnailSheet sheet = thumbnail_sheet(data, answers, load);
  EXPECT_EQ(sheet.columns, 3);
  EXPECT_EQ(sheet.height, 40);  // enlarged twice
  EXPECT_EQ(sheet.width, 80);
  EXPECT_EQ(sheet.image.width, 240);
  EXPECT_EQ(pixel(sheet.image, 39, 79), (Pixel{10, 11, 12}));
  EXPECT_EQ(pixel(sheet.image, 0, 80), (Pixel{136, 136, 136}));
  EXPECT_EQ(pixel(sheet.image, 0, 160), (Pixel{1, 2, 3}));
  const ThumbnailSheet small =
      thumbnail_sheet(data, answers, {.target = {.height = 224, .width = 448}});
  EXPECT_EQ(small.height, 64);
  EXPECT_EQ(small.width, 128);
}

}  // namespace
}  // namespace allconv
