// Crops and heavy augmentation: what they parse from, and that their draws are fair and functions
// of seed, epoch and image alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include "engine/data/augment.hpp"
#include "tests/data/support.hpp"

namespace allconv {
namespace {

using kernels::ImageWarp;
using testing::expect_error;

TEST(HeavyAndCrop, Parse) {
  EXPECT_EQ(parse_augmentation("heavy"), (Augmentation{.heavy = true}));
  EXPECT_EQ(parse_augmentation("crop:8"), (Augmentation{.crop = 8}));
  EXPECT_EQ(parse_augmentation("crop:1024,flip,shift:2"),
            (Augmentation{.flip = true, .shift = 2, .crop = 1024}));
}

TEST(HeavyAndCrop, RefuseWhatTheyCannotMean) {
  const auto refused = [](const char* text, const char* words) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, words, [&] { parse_augmentation(text); });
  };
  for (const char* text :
       {"crop", "crop:", "crop:0", "crop:-1", "crop:1025", "crop:2x", "none,crop:2"})
    refused(text, "cannot read \"");
  for (const char* text : {"heavy,flip", "flip,heavy", "shift:2,heavy", "heavy,crop:2"})
    refused(text, "stands alone");
  refused("heavy,heavy", "heavy stands there twice");
  refused("crop:2,flip,crop:3", "crop stands there twice");
}

bool same(const ImageWarp& a, const ImageWarp& b) {
  const auto equal = [](const float(&x)[3], const float(&y)[3]) {
    return std::equal(std::begin(x), std::end(x), std::begin(y));
  };
  return equal(a.x, b.x) && equal(a.y, b.y) && equal(a.gain, b.gain) && equal(a.offset, b.offset);
}

TEST(Crop, DependsOnEachArgumentAndOnNoOtherPart) {
  const Augmentation crop{.crop = 1000};
  const auto first = draw_window(crop, {1, 2, 3});
  const auto differs = [&](const WindowPlace& other) {
    return other.row != first.row && other.column != first.column;
  };
  EXPECT_FALSE(differs(draw_window(crop, {1, 2, 3})));
  EXPECT_FALSE(differs(draw_window({.flip = true, .shift = 9, .crop = 1000}, {1, 2, 3})));
  for (const AugmentPlace& place : {AugmentPlace{2, 2, 3}, {1, 3, 3}, {1, 2, 4}})
    EXPECT_TRUE(differs(draw_window(crop, place)));
  const kernels::ImageMove with = draw_move({.flip = true, .shift = 9, .crop = 5}, {1, 2, 3});
  const kernels::ImageMove without = draw_move({.flip = true, .shift = 9}, {1, 2, 3});
  EXPECT_TRUE(with.flip == without.flip && with.down == without.down &&
              with.right == without.right);
}

TEST(Crop, EveryWindowIsEquallyLikely) {
  constexpr int kImages = 64'000;
  std::map<std::pair<int, int>, int> windows;
  for (unsigned image = 0; image < kImages; ++image) {
    const auto window = draw_window({.crop = 7}, {.seed = 4, .epoch = 1, .image = image});
    ++windows[{window.row, window.column}];
  }
  EXPECT_EQ(windows.size(), 64U);
  for (const auto& [window, count] : windows) {
    EXPECT_TRUE(std::min(window.first, window.second) >= 0 &&
                std::max(window.first, window.second) <= 7);
    EXPECT_NEAR(count, 1000, 5 * std::sqrt(1000));
  }
}

TEST(Heavy, DependsOnEachArgument) {
  const ImageWarp first = draw_warp({1, 2, 3}, 126, 126);
  EXPECT_TRUE(same(first, draw_warp({1, 2, 3}, 126, 126)));
  EXPECT_FALSE(same(first, draw_warp({2, 2, 3}, 126, 126)));
  EXPECT_FALSE(same(first, draw_warp({1, 3, 3}, 126, 126)));
  EXPECT_FALSE(same(first, draw_warp({1, 2, 4}, 126, 126)));
}

// The map of one warp, from the image to what the network sees, as the documents tell it.
struct Forward {
  double stretch_x, stretch_y, slant_x, slant_y, turn;  // of a bend one
  bool mirrored;
  double right, down;  // of the centre, as a share of the size
};

// x, y of the image about its centre -> bend (mirror (stretch (x, y))).
Forward forward_of(const ImageWarp& warp, int height, int width) {
  const double a = warp.x[0], b = warp.x[1], c = warp.y[0], d = warp.y[1];
  const double determinant = a * d - b * c;
  // The inverse of what the kernel takes.
  const double xx = d / determinant, xy = -b / determinant;
  const double yx = -c / determinant, yy = a / determinant;
  Forward forward = {};
  forward.mirrored = xx < 0;
  const double mirror = forward.mirrored ? -1 : 1;
  constexpr double kSmall = 1e-6;
  if (std::abs(yx) < kSmall) {  // x += slant y
    forward.stretch_x = mirror * xx, forward.stretch_y = yy, forward.slant_x = xy / yy;
  } else if (std::abs(xy) < kSmall) {
    forward.stretch_x = mirror * xx, forward.stretch_y = yy, forward.slant_y = yx / xx;
  } else {
    forward.turn = std::atan2(mirror * yx, mirror * xx);
    forward.stretch_x = std::hypot(xx, yx), forward.stretch_y = std::hypot(xy, yy);
    EXPECT_NEAR(std::atan2(-xy, yy), forward.turn, 1e-5) << "columns at right angles";
  }
  // What is seen at the image's centre: where x, y are the middle.
  const double middle_x = (width - 1) / 2.0, middle_y = (height - 1) / 2.0;
  const double x = middle_x - warp.x[2], y = middle_y - warp.y[2];
  forward.right = (xx * x + xy * y - middle_x) / width;
  forward.down = (yx * x + yy * y - middle_y) / height;
  return forward;
}

// A uniform number's values: within the range, to its ends, with its mean and deviation.
void expect_uniform(const std::vector<double>& values, double low, double high, const char* what) {
  SCOPED_TRACE(what);
  const auto count = static_cast<double>(values.size());
  const double width = high - low, deviation = width / std::sqrt(12);
  double sum = 0, squares = 0;
  for (const double value : values) sum += value, squares += value * value;
  const double mean = sum / count;
  EXPECT_NEAR(mean, (low + high) / 2, 5 * deviation / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), deviation, 0.02 * width);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double rounding = 1e-5 * width;
  EXPECT_GE(*least, low - rounding);
  EXPECT_LT(*least, low + 0.01 * width);
  EXPECT_LE(*most, high + rounding);
  EXPECT_GT(*most, high - 0.01 * width);
}

TEST(Heavy, DrawsAreUniformInTheRangesOfThePaper) {
  constexpr int kImages = 30'000, kHeight = 63, kWidth = 252;
  std::map<std::string, std::vector<double>> values;
  int mirrored = 0;
  for (unsigned image = 0; image < kImages; ++image) {
    const ImageWarp warp = draw_warp({.seed = 7, .epoch = 2, .image = image}, kHeight, kWidth);
    const Forward forward = forward_of(warp, kHeight, kWidth);
    values["stretch x"].push_back(forward.stretch_x);
    values["stretch y"].push_back(forward.stretch_y);
    values["right"].push_back(forward.right);
    values["down"].push_back(forward.down);
    if (forward.slant_x != 0) values["slant x"].push_back(forward.slant_x);
    if (forward.slant_y != 0) values["slant y"].push_back(forward.slant_y);
    if (forward.turn != 0) values["turn"].push_back(forward.turn);
    mirrored += forward.mirrored ? 1 : 0;
    for (const int c : {0, 1, 2}) {
      values["gain " + std::to_string(c)].push_back(warp.gain[c]);
      values["offset " + std::to_string(c)].push_back(warp.offset[c]);
    }
  }
  EXPECT_NEAR(mirrored, kImages / 2.0, 5 * std::sqrt(kImages / 4.0));
  for (const char* bend : {"slant x", "slant y", "turn"}) {
    EXPECT_NEAR(static_cast<double>(values[bend].size()), kImages / 3.0,
                5 * std::sqrt(kImages * 2 / 9.0));
    expect_uniform(values[bend], -0.2, 0.2, bend);
  }
  for (const char* stretch : {"stretch x", "stretch y"})
    expect_uniform(values[stretch], 0.8, 1.2, stretch);
  for (const char* way : {"right", "down"})
    expect_uniform(values[way], -16.0 / 126, 16.0 / 126, way);
  for (const char* c : {"0", "1", "2"}) {
    expect_uniform(values[std::string("gain ") + c], 0.8, 1.2, c);
    expect_uniform(values[std::string("offset ") + c], -25, 25, c);
  }
}

}  // namespace
}  // namespace allconv
