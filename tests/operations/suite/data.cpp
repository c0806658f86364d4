#include "tests/operations/suite/data.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace allconv::suite {

std::string_view to_string(DataKind kind) {
  switch (kind) {
    case DataKind::integers: return "integers";
    case DataKind::reals: return "reals";
    case DataKind::specials: return "specials";
  }
  return "unknown";
}

std::optional<DataKind> parse_data_kind(std::string_view text) {
  for (const DataKind kind : kDataKinds) {
    if (text == to_string(kind)) return kind;
  }
  return std::nullopt;
}

std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31);
}

int Random::integer(int lowest, int highest) {
  const auto choices = static_cast<std::uint64_t>(highest - lowest + 1);
  return lowest + static_cast<int>(next() % choices);
}

double Random::real(double lowest, double highest) {
  constexpr double kUnit = 1.0 / 9007199254740992.0;  // 2^-53
  return lowest + (highest - lowest) * static_cast<double>(next() >> 11) * kUnit;
}

Random Filler::stream(std::string_view tensor) const {
  std::uint64_t hash = seed_;
  for (const char letter : tensor)
    hash = hash * 1099511628211U + static_cast<unsigned char>(letter);
  return Random(hash);
}

float Filler::draw(Random& random) const {
  using Limits = std::numeric_limits<float>;
  static constexpr std::array<float, 8> kSpecials = {0.0F,
                                                     -0.0F,
                                                     Limits::infinity(),
                                                     -Limits::infinity(),
                                                     Limits::max(),
                                                     Limits::lowest(),
                                                     Limits::quiet_NaN(),
                                                     Limits::denorm_min()};
  if (kind_ == DataKind::integers) return static_cast<float>(random.integer(-4, 4));
  if (kind_ == DataKind::specials && random.integer(0, 7) == 0) {
    return kSpecials[static_cast<std::size_t>(random.integer(0, 7))];
  }
  return static_cast<float>(random.real(-1, 1));
}

std::vector<float> Filler::values(std::string_view tensor, std::int64_t count) const {
  Random random = stream(tensor);
  std::vector<float> result(static_cast<std::size_t>(count));
  for (float& value : result) value = draw(random);
  return result;
}

std::vector<float> Filler::mostly_positive(std::string_view tensor, std::int64_t count) const {
  std::vector<float> result = values(tensor, count);
  Random random(~stream(tensor).next());
  for (float& value : result) {
    if (random.integer(0, 1) == 1) value = std::abs(value);
  }
  return result;
}

std::vector<std::uint8_t> Filler::bytes(std::string_view tensor, std::int64_t count,
                                        int limit) const {
  Random random = stream(tensor);
  std::vector<std::uint8_t> result(static_cast<std::size_t>(count));
  for (std::uint8_t& value : result) {
    value = static_cast<std::uint8_t>(random.integer(0, limit - 1));
  }
  return result;
}

std::vector<std::int32_t> Filler::indices(std::string_view tensor, std::int64_t count,
                                          int limit) const {
  Random random = stream(tensor);
  std::vector<std::int32_t> result(static_cast<std::size_t>(count));
  for (std::int32_t& value : result) value = random.integer(0, limit - 1);
  return result;
}

}  // namespace allconv::suite
