// Mutator: near-valid inputs, made from valid ones by a few changes each. What comes out depends on
// the inputs and the number of calls alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace allconv::fuzz {

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string changed(std::string input);

 private:
  std::size_t below(std::size_t bound);  // 0 to bound - 1
  void change(std::string& input);
  void overwrite_number(std::string& input, std::size_t place);

  const std::vector<std::string>& corpus_;  // borrowed
  std::mt19937_64 random_;                  // the standard fixes its numbers
};

}  // namespace allconv::fuzz
