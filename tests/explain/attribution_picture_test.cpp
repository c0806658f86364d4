// Attributions as pictures, pixel by pixel.
#include <gtest/gtest.h>

#include <limits>

#include "engine/explain/attribution_picture.hpp"
#include "engine/explain/patch_grid.hpp"
#include "tests/explain/pixels.hpp"

namespace allconv {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNoNumber = std::numeric_limits<float>::quiet_NaN();

TEST(Reconstruction, IsScaledAroundGrey) {
  const std::vector<float> map = {-4, 4, 0, 2, -2, 1};
  const Image image = reconstruction_picture({1, 2, map});
  EXPECT_EQ(pixel(image, 0, 0), (Pixel{0, 255, 128}));
  EXPECT_EQ(pixel(image, 0, 1), (Pixel{191, 64, 159}));
}

TEST(Reconstruction, OfZerosIsGrey) {
  const std::vector<float> map(6);
  const Image image = reconstruction_picture({2, 1, map});
  EXPECT_EQ(pixel(image, 0, 0), kGreyPixel);
  EXPECT_EQ(pixel(image, 1, 0), kGreyPixel);
}

TEST(Reconstruction, TakesWhatIsNoNumberForZero) {
  const std::vector<float> map = {kNoNumber, kInfinity, -kInfinity, 1, -1, 0};
  const Image image = reconstruction_picture({1, 2, map});
  EXPECT_EQ(pixel(image, 0, 0), (Pixel{128, 255, 0}));
  EXPECT_EQ(pixel(image, 0, 1), (Pixel{255, 0, 128}));
}

TEST(SignedMap, IsTheSumOfTheChannelsFromBlueToOrange) {
  const std::vector<float> sums = channel_sum(std::vector<float>{1, 1, 2, -4, 1, -1, 3, -2, -1});
  EXPECT_EQ(sums, (std::vector<float>{4, -4, 0}));
  const Image image = signed_picture({1, 3, sums});
  EXPECT_EQ(pixel(image, 0, 0), kOrangePixel);
  EXPECT_EQ(pixel(image, 0, 1), kBluePixel);
  EXPECT_EQ(pixel(image, 0, 2), kWhitePixel);
  EXPECT_EQ(pixel(signed_picture({1, 1, std::vector<float>{0}}), 0, 0), kWhitePixel);
}

TEST(DivergingScale, IsSymmetricAndEndsAtItsEnds) {
  for (const double share : {0.25, 0.5, 1.0}) {
    const Color positive = diverging_color(share), negative = diverging_color(-share);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(255 - positive[c], share * (255 - kMostPositive[c]), 0.5);
      EXPECT_NEAR(255 - negative[c], share * (255 - kMostNegative[c]), 0.5);
    }
  }
  EXPECT_EQ(diverging_color(7), kMostPositive);
  EXPECT_EQ(diverging_color(-kInfinity), kMostNegative);
  EXPECT_EQ(diverging_color(kNoNumber), (Color{255, 255, 255}));
}

TEST(DisplayZoom, EnlargesSmallPicturesOnly) {
  EXPECT_EQ(display_zoom(32, 32), 8);
  EXPECT_EQ(display_zoom(224, 10), 1);
  EXPECT_EQ(display_zoom(1000, 1000), 1);
}

TEST(Strip, HasInputAndReconstructionsAboveSignedMaps) {
  const std::vector<std::uint8_t> pixels = {1, 2, 3, 4, 5, 6};
  const std::vector<float> one = {1, 1, 1, -1, -1, -1}, other(6);
  const Image strip = strip_picture(pixels, {{1, 2, one}, {1, 2, other}});
  // Three columns of 2 pixels and two rows of 1, and gaps of 1.
  ASSERT_EQ(strip.width, 3 * 3 + 1);
  ASSERT_EQ(strip.width, strip_width({.height = 1, .width = 2}, 2));
  ASSERT_EQ(strip.height, 2 * 2 + 1);
  EXPECT_EQ(pixel(strip, 1, 1), (Pixel{1, 2, 3}));
  EXPECT_EQ(pixel(strip, 1, 2), (Pixel{4, 5, 6}));
  EXPECT_EQ(pixel(strip, 1, 4), kWhitePixel);
  EXPECT_EQ(pixel(strip, 1, 5), (Pixel{0, 0, 0}));
  EXPECT_EQ(pixel(strip, 1, 7), kGreyPixel);
  EXPECT_EQ(pixel(strip, 3, 1), kGroundPixel);
  EXPECT_EQ(pixel(strip, 3, 4), kOrangePixel);
  EXPECT_EQ(pixel(strip, 3, 5), kBluePixel);
  EXPECT_EQ(pixel(strip, 3, 8), kWhitePixel);
  for (const int gap : {0, 3, 6, 9}) EXPECT_EQ(pixel(strip, 1, gap), kGroundPixel);
  const Image large = enlarged(strip, 3);
  EXPECT_EQ(large.width, 30);
  for (const auto& [y, x] : {std::pair{9, 12}, {11, 14}})
    EXPECT_EQ(pixel(large, y, x), kOrangePixel);
  EXPECT_EQ(pixel(large, 8, 12), kGroundPixel);
}

TEST(Overlay, LiesOverAllOfAStretchedImage) {
  const Image original = filled_image(4, 6, {200, 200, 200});
  const std::vector<float> map = {1, -1, 0, 0.5F};  // (2,2)
  const Image image = overlay_picture(original, {.height = 2, .width = 2}, map);
  ASSERT_EQ(image.height, 4);
  ASSERT_EQ(image.width, 6);
  for (const int y : {0, 1}) {
    EXPECT_EQ(pixel(image, y, 0), kOrangePixel);
    EXPECT_EQ(pixel(image, y, 2), kOrangePixel);
    EXPECT_EQ(pixel(image, y, 3), kBluePixel);
    EXPECT_EQ(pixel(image, y, 5), kBluePixel);
  }
  EXPECT_EQ(pixel(image, 2, 2), (Pixel{120, 120, 120}));  // the original alone
  EXPECT_EQ(pixel(image, 3, 3), (Pixel{162, 103, 60}));   // half of each
}

TEST(Overlay, OfACutOutLeavesTheSidesWithoutAMap) {
  // 4x12 becomes 2x6, whose middle is the network's 2x2: the original's columns 4 to 7.
  const Image original = filled_image(4, 12, {100, 0, 0});
  const std::vector<float> map = {1, -1, 1, -1};
  const Image image =
      overlay_picture(original, {.height = 2, .width = 2, .fit = Preparation::Fit::cover}, map);
  for (const int y : {0, 3}) {
    EXPECT_EQ(pixel(image, y, 3), (Pixel{18, 18, 18}));
    EXPECT_EQ(pixel(image, y, 4), kOrangePixel);
    EXPECT_EQ(pixel(image, y, 5), kOrangePixel);
    EXPECT_EQ(pixel(image, y, 6), kBluePixel);
    EXPECT_EQ(pixel(image, y, 7), kBluePixel);
    EXPECT_EQ(pixel(image, y, 8), (Pixel{18, 18, 18}));
  }
}

TEST(Overlay, OfZerosIsTheOriginal) {
  const Image original = filled_image(1, 1, {0, 100, 0});
  const Image image = overlay_picture(original, {.height = 1, .width = 1}, std::vector<float>{0});
  EXPECT_EQ(pixel(image, 0, 0), (Pixel{35, 35, 35}));
}

TEST(PatchGrid, CutsOutAndScalesWithinThePatch) {
  // An image of 2x2; the patches are 3x3 around two of its corners.
  const std::vector<std::uint8_t> pixels = {10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40};
  const std::vector<float> map = {1, 1, 1, 0, 0, 0, 0, 0, 0, 4, -4, 0};
  PatchCell cell{.row = -2,
                 .column = -2,
                 .rows = 3,
                 .columns = 3,
                 .height = 2,
                 .width = 2,
                 .pixels = pixels,
                 .map = map};
  PatchCell other = cell;
  other.row = other.column = 0;
  const Image grid = patch_grid({{cell, other}, {cell}});
  // Enlarged 32 times, gaps too; rows and columns of 3 pixels and gaps of 1.
  ASSERT_EQ(grid.height, 32 * 17);
  ASSERT_EQ(grid.width, 32 * 9);
  const auto at = [&grid](int y, int x) { return pixel(grid, 32 * y, 32 * x); };
  EXPECT_EQ(at(1, 1), kGreyPixel);           // beyond the image
  EXPECT_EQ(at(3, 3), (Pixel{10, 10, 10}));  // its first pixel
  EXPECT_EQ(at(5, 1), kGreyPixel);
  EXPECT_EQ(at(7, 3), kWhitePixel);  // the largest of this patch
  EXPECT_EQ(at(1, 5), (Pixel{10, 10, 10}));
  EXPECT_EQ(at(2, 6), (Pixel{40, 40, 40}));
  EXPECT_EQ(at(3, 7), kGreyPixel);
  EXPECT_EQ(at(5, 5), (Pixel{159, 159, 159}));  // 1 of 4
  EXPECT_EQ(at(6, 6), (Pixel{255, 0, 128}));
  EXPECT_EQ(at(4, 4), kGroundPixel);
  EXPECT_EQ(at(9, 5), kGroundPixel);  // no cell
  EXPECT_EQ(at(11, 3), (Pixel{10, 10, 10}));
}

TEST(PatchGrid, TakesARectangleBesideTheImage) {
  const std::vector<std::uint8_t> pixels = {1, 2, 3};
  const std::vector<float> map = {1, 2, 3};
  const Image grid = patch_grid({{{.row = 5,
                                   .column = -9,
                                   .rows = 2,
                                   .columns = 2,
                                   .height = 1,
                                   .width = 1,
                                   .pixels = pixels,
                                   .map = map}}});
  EXPECT_EQ(pixel(grid, grid.height / 4, grid.width / 2), kGreyPixel);
}

}  // namespace
}  // namespace allconv
