#include "engine/data/augment.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "engine/support/error.hpp"
#include "engine/support/random_stream.hpp"

namespace allconv {

namespace {

constexpr int kLargestShift = std::numeric_limits<std::int8_t>::max();  // of ImageMove
constexpr int kLargestCrop = 1024;

[[noreturn]] void throw_unknown(std::string_view part) {
  throw Error(ErrorKind::usage, "cannot read \"" + std::string(part) + "\"", "--augment",
              "give none, heavy, or some of flip, shift:N and crop:N parted by commas, with N from "
              "1 to 127 in shift:N and to 1024 in crop:N");
}

[[noreturn]] void throw_twice(std::string_view part) {
  const std::string name(part.substr(0, part.find(':')));
  throw Error(ErrorKind::usage, name + " stands there twice", "--augment", "give it once");
}

// N of "shift:N", which begins with `name`.
int parse_pixels(std::string_view part, std::string_view name, int largest) {
  const std::string_view digits = part.substr(name.size());
  int pixels = 0;
  const auto [end, code] = std::from_chars(digits.begin(), digits.end(), pixels);
  const bool whole = code == std::errc{} && end == digits.end();
  if (!whole || pixels < 1 || pixels > largest) throw_unknown(part);
  return pixels;
}

void add_word(bool& word, std::string_view part) {
  if (word) throw_twice(part);
  word = true;
}

void add_part(Augmentation& augmentation, std::string_view part) {
  const auto add_pixels = [part](int& pixels, std::string_view name, int largest) {
    if (pixels > 0) throw_twice(part);
    pixels = parse_pixels(part, name, largest);
  };
  if (part == "heavy") return add_word(augmentation.heavy, part);
  if (part == "flip") return add_word(augmentation.flip, part);
  if (part.starts_with("shift:")) return add_pixels(augmentation.shift, "shift:", kLargestShift);
  if (part.starts_with("crop:")) return add_pixels(augmentation.crop, "crop:", kLargestCrop);
  throw_unknown(part);
}

double uniform(RandomStream& random, double low, double high) {
  constexpr double kUnit = 1.0 / 4294967296.0;  // 2^-32
  return low + (high - low) * ((random.word() + 0.5) * kUnit);
}

// Rows (x, y) of a map of columns x and rows y about the origin.
struct Matrix {
  double xx = 1, xy = 0;
  double yx = 0, yy = 1;
};

// Takes back x += a y, y += a x, or a turn by a radians.
Matrix unbend(std::uint32_t kind, double a) {
  if (kind == 0) return {.xy = -a};
  if (kind == 1) return {.yx = -a};
  return {.xx = std::cos(a), .xy = std::sin(a), .yx = -std::sin(a), .yy = std::cos(a)};
}

// "Very heavy augmentation" as public reproductions of arXiv 1412.6806 have it for images of 126.
constexpr double kStretch = 0.2;
constexpr double kBend = 0.2;         // a slope, or radians
constexpr double kMove = 16.0 / 126;  // of the image's size
constexpr double kGain = 0.2;         // the paper leaves the colours open
constexpr double kOffset = 25;        // levels
constexpr std::uint32_t kBendKinds = 3;

}  // namespace

Augmentation parse_augmentation(std::string_view text) {
  Augmentation augmentation;
  if (text == "none") return augmentation;
  for (;;) {
    const std::size_t comma = text.find(',');
    add_part(augmentation, text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (augmentation.heavy && (augmentation.moves() || augmentation.crop > 0)) {
    throw Error(ErrorKind::usage, "heavy already mirrors and moves, and stands alone", "--augment",
                "give heavy, or what else there is without it");
  }
  return augmentation;
}

kernels::ImageMove draw_move(const Augmentation& augmentation, const AugmentPlace& place) {
  // Always three draws, so that the flips are the same with and without shifts.
  RandomStream random(place.seed, RandomPurpose::augment,
                      {.epoch = place.epoch, .item = place.image});
  const bool flip = random.below(2) == 1;
  const auto positions = static_cast<std::uint32_t>(2 * augmentation.shift + 1);
  const auto offset = [&] {
    return static_cast<std::int8_t>(static_cast<int>(random.below(positions)) - augmentation.shift);
  };
  kernels::ImageMove move{.flip = augmentation.flip && flip};
  move.down = offset();
  move.right = offset();
  return move;
}

WindowPlace draw_window(const Augmentation& augmentation, const AugmentPlace& place) {
  RandomStream random(place.seed, RandomPurpose::crop, {.epoch = place.epoch, .item = place.image});
  const auto positions = static_cast<std::uint32_t>(augmentation.crop + 1);
  WindowPlace window;
  window.row = static_cast<int>(random.below(positions));
  window.column = static_cast<int>(random.below(positions));
  return window;
}

kernels::ImageWarp draw_warp(const AugmentPlace& place, int height, int width) {
  RandomStream random(place.seed, RandomPurpose::warp, {.epoch = place.epoch, .item = place.image});
  const double stretch_x = uniform(random, 1 - kStretch, 1 + kStretch);
  const double stretch_y = uniform(random, 1 - kStretch, 1 + kStretch);
  const double mirror = random.below(2) == 1 ? -1 : 1;
  const std::uint32_t kind = random.below(kBendKinds);
  const Matrix bend = unbend(kind, uniform(random, -kBend, kBend));
  const double right = uniform(random, -kMove, kMove) * width;
  const double down = uniform(random, -kMove, kMove) * height;

  // Backwards, from what the network sees to the image.
  const Matrix map = {.xx = bend.xx * mirror / stretch_x,
                      .xy = bend.xy * mirror / stretch_x,
                      .yx = bend.yx / stretch_y,
                      .yy = bend.yy / stretch_y};
  const double middle_x = (width - 1) / 2.0, middle_y = (height - 1) / 2.0;
  const double x = middle_x + right, y = middle_y + down;  // where the centre comes to lie
  const auto number = [](double value) { return static_cast<float>(value); };
  kernels::ImageWarp warp = {
      .x = {number(map.xx), number(map.xy), number(middle_x - map.xx * x - map.xy * y)},
      .y = {number(map.yx), number(map.yy), number(middle_y - map.yx * x - map.yy * y)}};
  for (float& gain : warp.gain) gain = number(uniform(random, 1 - kGain, 1 + kGain));
  for (float& offset : warp.offset) offset = number(uniform(random, -kOffset, kOffset));
  return warp;
}

}  // namespace allconv
