// The three channels of a colour made one number.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace allconv {

// Shares of red, green and blue in the grey of a colour: ITU-R BT.601's luma.
inline constexpr std::array<double, 3> kLuma = {0.299, 0.587, 0.114};

// (h,w,3) -> (h,w): at each place the sum of term(value, channel), in the type of its values.
template <class Value, class Term>
std::vector<Value> channel_sums(std::span<const float> map, Term term) {
  std::vector<Value> sums(map.size() / 3);
  for (std::size_t i = 0; i < sums.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) sums[i] += term(static_cast<Value>(map[3 * i + c]), c);
  return sums;
}

}  // namespace allconv
