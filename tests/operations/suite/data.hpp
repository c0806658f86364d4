// What tests fill tensors with: reproducible from a seed, the same on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace allconv::suite {

enum class DataKind {
  integers,  // -4..4: every sum of products stays exact in fp32, so any order gives the same bits
  reals,     // uniform in -1..1
  specials,  // reals, one of eight replaced by a zero of either sign, an infinity, a NaN, a
             // subnormal or the largest number; for exact kernels only
};

inline constexpr DataKind kDataKinds[] = {DataKind::integers, DataKind::reals, DataKind::specials};

std::string_view to_string(DataKind kind);
std::optional<DataKind> parse_data_kind(std::string_view text);

// A counter hashed by SplitMix64's finaliser. Not for parallel use.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  int integer(int lowest, int highest);        // both ends included
  double real(double lowest, double highest);  // [lowest, highest)

 private:
  std::uint64_t state_;
};

// Values of one test's tensors. Each tensor draws from its own stream, named after it.
class Filler {
 public:
  Filler(DataKind kind, std::uint64_t seed) : kind_(kind), seed_(seed) {}

  std::vector<float> values(std::string_view tensor, std::int64_t count) const;

  // The same, with three of four values positive: the output of a ReLU whose gradient must not
  // vanish almost everywhere.
  std::vector<float> mostly_positive(std::string_view tensor, std::int64_t count) const;

  std::vector<std::uint8_t> bytes(std::string_view tensor, std::int64_t count, int limit) const;
  std::vector<std::int32_t> indices(std::string_view tensor, std::int64_t count, int limit) const;

 private:
  Random stream(std::string_view tensor) const;
  float draw(Random& random) const;

  DataKind kind_;
  std::uint64_t seed_;
};

}  // namespace allconv::suite
