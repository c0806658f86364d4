#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/api/reference.hpp"
#include "tests/api/support.hpp"

namespace allconv::test {

namespace {

using testing::HasSubstr;
using testing::Pair;

constexpr int kScored = 5;

TEST(Score, IsWhatTheDefinitionsSay) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kScored);
  Session session(model, {.batch_size = 2, .threads = 2});
  const Scores scores = session.score(tiny_images(pixels));
  ASSERT_EQ(scores.classes, 4U);
  for (std::size_t i = 0; i < kScored; ++i) {
    const ReferencePass pass = run_reference(model, std::span(pixels).subspan(i * kImage, kImage));
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_NEAR(scores.logits[i * 4 + k], pass.logits[k], 1e-5);
      EXPECT_NEAR(scores.of(i)[k], pass.probabilities[k], 1e-6);
    }
    const auto best = std::max_element(pass.logits.begin(), pass.logits.end());
    EXPECT_EQ(scores.best(i), static_cast<std::size_t>(best - pass.logits.begin()));
  }
}

// A view of the same images with the strides given, over memory that `place` fills.
struct Layout {
  std::int64_t image, row, column, channel;
  std::int64_t first;  // element of image 0, row 0, column 0, channel 0
};

std::vector<std::uint8_t> laid_out(const std::vector<std::uint8_t>& dense, const Layout& layout,
                                   std::size_t size) {
  std::vector<std::uint8_t> memory(size);
  std::size_t i = 0;
  for (int n = 0; n < kScored; ++n) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        for (int c = 0; c < 3; ++c, ++i) {
          const std::int64_t at = layout.first + n * layout.image + y * layout.row +
                                  x * layout.column + c * layout.channel;
          memory.at(static_cast<std::size_t>(at)) = dense[i];
        }
      }
    }
  }
  return memory;
}

TEST(Score, HasTheSameBitsInEveryLayout) {
  const Model model = tiny_model();
  const auto dense = tiny_pixels(kScored);
  Session session(model, {.batch_size = 3, .threads = 2});
  const std::vector<float> expected = session.score(tiny_images(dense)).logits;
  constexpr int kArea = kHeight * kWidth;
  const Layout layouts[] = {
      {3 * kArea, kWidth, 1, kArea, 0},                // NCHW
      {4 * kArea, 4 * kWidth, 4, 1, 0},                // RGBX
      {40 * kHeight, 40, 3, 1, 5},                     // rows with gaps
      {3 * kArea, -3 * kWidth, 3, 1, 3 * kArea - 18},  // upside down
      {3 * kArea, 3 * kWidth, 3, -1, 2},               // BGR
      {3, 3 * kWidth * kScored, 3 * kScored, 1, 0},    // images side by side
  };
  for (const Layout& layout : layouts) {
    const auto memory = laid_out(dense, layout, 5000);
    const Images images = {.data = memory.data() + layout.first,
                           .element = ALLCONV_U8,
                           .place = ALLCONV_HOST,
                           .count = kScored,
                           .height = kHeight,
                           .width = kWidth,
                           .image_stride = layout.image,
                           .row_stride = layout.row,
                           .column_stride = layout.column,
                           .channel_stride = layout.channel};
    EXPECT_EQ(session.score(images).logits, expected);
  }
}

TEST(Score, OfTheNetworksInputIsThatOfThePixels) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kScored);
  std::vector<float> rows, planes(kScored * kImage);
  for (std::size_t i = 0; i < kScored; ++i) {
    const auto input = run_reference(model, std::span(pixels).subspan(i * kImage, kImage)).input;
    rows.insert(rows.end(), input.begin(), input.end());
  }
  constexpr std::size_t kArea = kImage / 3;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    planes[i / kImage * kImage + i % 3 * kArea + i % kImage / 3] = rows[i];
  }
  Session session(model, {.element = ALLCONV_F32, .batch_size = 2, .threads = 1});
  const auto logits = session.score(nhwc(rows.data(), kScored, kHeight, kWidth)).logits;
  EXPECT_EQ(session.score(nchw(planes.data(), kScored, kHeight, kWidth)).logits, logits);
  const auto expected = Session(model).score(tiny_images(pixels)).logits;
  for (std::size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 1e-5);
}

TEST(Score, OfAnImageDependsOnItAlone) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(kScored);
  const auto whole = Session(model, {.batch_size = 64, .threads = 3}).score(tiny_images(pixels));
  Session single(model, {.batch_size = 1, .threads = 1});
  for (std::size_t i = 0; i < kScored; ++i) {
    const auto alone = single.score(nhwc(pixels.data() + i * kImage, 1, kHeight, kWidth)).logits;
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), whole.logits.begin() + 4 * i));
  }
}

// A picture of one colour is that colour at any size.
TEST(Score, ResizesPixels) {
  const Model model = tiny_model();
  Session session(model, {.threads = 2});
  std::vector<std::uint8_t> large(21 * 34 * 3), small(kImage);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::uint8_t>(40 * (i % 3));
  for (std::size_t i = 0; i < small.size(); ++i) small[i] = static_cast<std::uint8_t>(40 * (i % 3));
  EXPECT_EQ(session.score(nhwc(large.data(), 1, 21, 34)).logits,
            session.score(nhwc(small.data(), 1, kHeight, kWidth)).logits);
}

TEST(Score, OfNoImagesIsNothing) {
  Session session(tiny_model());
  EXPECT_TRUE(session.score(nhwc(static_cast<std::uint8_t*>(nullptr), 0, 8, 6)).logits.empty());
}

TEST(Score, RefusesViewsThatCannotBeMeant) {
  const Model model = tiny_model();
  const auto pixels = tiny_pixels(1);
  const std::vector<float> floats(kImage + 1);
  Session session(model), prepared(model, {.element = ALLCONV_F32});
  const auto refused = [&](Session& of, Images images, const auto& change) {
    change(images);
    return failure_of([&] { of.score(images, {}); });
  };
  const auto usage = [](const char* part) { return Pair(ALLCONV_USAGE, HasSubstr(part)); };
  const Images bytes = tiny_images(pixels), numbers = nhwc(floats.data(), 1, kHeight, kWidth);
  EXPECT_THAT(refused(session, bytes, [](Images& of) { of.data = nullptr; }), usage("data"));
  EXPECT_THAT(refused(session, bytes, [](Images& of) { of.count = -1; }), usage("count"));
  EXPECT_THAT(refused(session, bytes, [](Images& of) { of.height = 0; }), usage("height"));
  EXPECT_THAT(refused(session, bytes, [](Images& of) { of.width = 1 << 20; }), usage("width"));
  EXPECT_THAT(refused(session, bytes,
                      [](Images& of) { of.row_stride = std::numeric_limits<std::int64_t>::max(); }),
              usage("stride"));
  EXPECT_THAT(refused(session, numbers, [](Images&) {}), usage("element"));
  EXPECT_THAT(refused(prepared, bytes, [](Images&) {}), usage("element"));
  EXPECT_THAT(refused(prepared, numbers, [](Images& of) { of.height = 7; }), usage("8 x 6"));
  EXPECT_THAT(
      refused(prepared, numbers,
              [&](Images& of) { of.data = reinterpret_cast<const std::byte*>(floats.data()) + 1; }),
      usage("aligned"));
  EXPECT_THAT(failure_of([&] { check(allconv_score(session.handle(), nullptr, nullptr)); }),
              usage("images: is NULL"));
}

}  // namespace

}  // namespace allconv::test
