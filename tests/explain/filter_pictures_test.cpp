// Weights of layers as pictures.
#include <gtest/gtest.h>

#include "engine/explain/filter_pictures.hpp"
#include "tests/explain/pixels.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

LayerParameters layer_of(const std::array<int, 4>& extent) {
  LayerParameters layer{.name = "conv", .extent = extent, .weights = {}, .bias = {}};
  std::size_t size = 1;
  for (const int part : extent) size *= static_cast<std::size_t>(part);
  layer.weights.resize(size, 1);
  return layer;
}

TEST(FilterPicture, OfOneByOneIsAMatrix) {
  LayerParameters layer = layer_of({2, 1, 1, 1});
  layer.weights = {4, -2};
  const FilterPicture picture = filter_picture(layer);
  ASSERT_EQ(picture.image.height, 16);
  ASSERT_EQ(picture.image.width, 8);
  EXPECT_EQ(pixel(picture.image, 0, 0), kOrangePixel);
  EXPECT_EQ(pixel(picture.image, 15, 7), (Pixel{138, 175, 215}));  // half way to blue
  EXPECT_EQ(picture.words,
            "2 filters as rows, 1 input channels as columns, on one scale from "
            "blue over white to orange");
}

TEST(FilterPicture, OfWindowsIsAGridWithAScaleAFilter) {
  LayerParameters layer = layer_of({2, 2, 1, 2});
  layer.weights = {1, 0, 0, -1,  // windows of the first filter
                   0, 0, 0, 8};
  const FilterPicture picture = filter_picture(layer);
  // Windows of 1x2 are enlarged six times.
  ASSERT_EQ(picture.image.height, 2 * 8 + 2);
  ASSERT_EQ(picture.image.width, 2 * 14 + 2);
  EXPECT_EQ(pixel(picture.image, 2, 2), kOrangePixel);
  EXPECT_EQ(pixel(picture.image, 7, 7), kOrangePixel);
  EXPECT_EQ(pixel(picture.image, 2, 8), kWhitePixel);
  EXPECT_EQ(pixel(picture.image, 2, 16), kWhitePixel);
  EXPECT_EQ(pixel(picture.image, 2, 22), kBluePixel);
  EXPECT_EQ(pixel(picture.image, 10, 22), kOrangePixel);
  EXPECT_EQ(pixel(picture.image, 9, 22), kGroundPixel);
}

TEST(FilterPicture, OfLargeLayersIsCutAndSaysSo) {
  const FilterPicture grid = filter_picture(layer_of({65, 100, 3, 3}));
  EXPECT_EQ(grid.image.height, 64 * 14 + 2);
  EXPECT_EQ(grid.image.width, 64 * 14 + 2);
  EXPECT_TRUE(grid.words.starts_with(
      "the first 64 of 65 filters as rows, the first 64 of 100 input channels as columns"));
  const FilterPicture matrix = filter_picture(layer_of({5000, 1, 1, 1}));
  EXPECT_EQ(matrix.image.height, 4096);
  EXPECT_TRUE(matrix.words.starts_with("the first 4096 of 5000 filters"));
  EXPECT_EQ(filter_picture(layer_of({2, 1, 5000, 1})).image.height, 5004);
}

TEST(FilterPicture, OfColoursIsTilesIfTheyFit) {
  EXPECT_TRUE(filter_picture(layer_of({2, 3, 3, 3})).words.starts_with("2 filters as colour"));
  EXPECT_EQ(filter_picture(layer_of({1, 3, 1, 100})).image.width, 3 * 102 + 2);
}

TEST(FilterPictures, HaveNamesThatStayInTheFolder) {
  const TemporaryFolder folder;
  Parameters parameters(3, layer_of({1, 1, 1, 1}));
  parameters[0].name = "../../x";
  parameters[1].name = "";
  parameters[2].name = std::string(300, '\xFF') + "y";
  std::vector<std::string> names;
  write_filter_pictures(parameters, folder.path(),
                        [&names](const std::string& name, const std::string& words) {
                          names.push_back(name);
                          EXPECT_FALSE(words.empty());
                        });
  EXPECT_EQ(names, (std::vector<std::string>{"01-_._.._x.png", "02.png", "03-_y.png"}));
  EXPECT_EQ(folder.files(), 3);
  for (const std::string& name : names)
    EXPECT_TRUE(read_bytes(folder / name).starts_with("\x89PNG")) << name;
}

}  // namespace
}  // namespace allconv
