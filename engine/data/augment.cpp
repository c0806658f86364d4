#include "engine/data/augment.hpp"

#include <charconv>
#include <limits>
#include <string>

#include "engine/data/random_stream.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr int kLargestShift = std::numeric_limits<std::int8_t>::max();  // of ImageMove

[[noreturn]] void throw_unknown(std::string_view part) {
  throw Error(ErrorKind::usage, "cannot read \"" + std::string(part) + "\"", "--augment",
              "give none, flip, shift:N or flip,shift:N with N from 1 to 127");
}

int parse_shift(std::string_view part) {
  std::string_view digits = part;
  digits.remove_prefix(std::string_view("shift:").size());
  int shift = 0;
  const auto [end, code] = std::from_chars(digits.begin(), digits.end(), shift);
  const bool whole = code == std::errc{} && end == digits.end();
  if (!whole || shift < 1 || shift > kLargestShift) throw_unknown(part);
  return shift;
}

void add_part(Augmentation& augmentation, std::string_view part) {
  if (part == "heavy") {
    throw Error(ErrorKind::usage, "heavy is not supported yet by this version", "--augment",
                "give flip,shift:5");
  }
  if (part == "flip" && !augmentation.flip) {
    augmentation.flip = true;
  } else if (part.starts_with("shift:") && augmentation.shift == 0) {
    augmentation.shift = parse_shift(part);
  } else {
    throw_unknown(part);
  }
}

}  // namespace

Augmentation parse_augmentation(std::string_view text) {
  Augmentation augmentation;
  if (text == "none") return augmentation;
  for (;;) {
    const std::size_t comma = text.find(',');
    add_part(augmentation, text.substr(0, comma));
    if (comma == std::string_view::npos) return augmentation;
    text.remove_prefix(comma + 1);
  }
}

kernels::ImageMove draw_move(const Augmentation& augmentation, std::uint64_t seed,
                             std::uint64_t epoch, std::uint64_t image) {
  // Always three draws, so that the flips are the same with and without shifts.
  RandomStream random(seed, RandomPurpose::augment, {.epoch = epoch, .item = image});
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

}  // namespace allconv
