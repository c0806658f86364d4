#include "tests/fuzz/harness/mutation.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace allconv::fuzz {

namespace {

constexpr std::size_t kMostChanges = 4;
constexpr std::size_t kLongestSpan = 64;  // bytes removed, repeated or taken from elsewhere
constexpr std::size_t kLargestInput = 1 << 16;

// Where lengths, sizes and counts break: around zero, around the ends of integers.
constexpr std::array<std::uint64_t, 10> kNumbers = {
    0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, ~std::uint64_t{0}};

}  // namespace

std::size_t Mutator::below(std::size_t bound) {
  return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound);
}

// Two, four or eight bytes of either order.
void Mutator::overwrite_number(std::string& input, std::size_t place) {
  const std::size_t bytes = std::size_t{2} << below(3);
  const std::uint64_t number = kNumbers[below(kNumbers.size())];
  const bool big_endian = below(2) == 0;
  for (std::size_t i = 0; i < bytes && place + i < input.size(); ++i) {
    const std::size_t byte = big_endian ? bytes - 1 - i : i;
    input[place + i] = static_cast<char>(number >> (8 * byte));
  }
}

void Mutator::change(std::string& input) {
  const std::size_t place = below(input.size() + 1);
  const std::size_t span = 1 + below(kLongestSpan);
  const std::string& other = corpus_[below(corpus_.size())];
  switch (below(8)) {
    case 0: input.resize(place); break;
    case 1: input.erase(place, span); break;
    case 2: input.insert(place, input.substr(place, span)); break;
    case 3: input.insert(place, other, below(other.size()), span); break;
    case 4: overwrite_number(input, place); break;
    case 5: input.insert(place, 1, static_cast<char>(random_())); break;
    case 6:
      if (place < input.size()) input[place] = static_cast<char>(random_());
      break;
    default:
      if (place < input.size()) input[place] = static_cast<char>(input[place] ^ 1 << below(8));
      break;
  }
}

std::string Mutator::changed(std::string input) {
  for (std::size_t left = 1 + below(kMostChanges); left > 0; --left) change(input);
  input.resize(std::min(input.size(), kLargestInput));
  return input;
}

}  // namespace allconv::fuzz
