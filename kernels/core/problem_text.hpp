// Problem text: the one-line form of a problem, "n128h32w32c96k96r3s3u2p1", that test failures
// print and `allconv bench --problem` reads.
//
// A problem lists its fields once:
//     template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit) {
//       visit("n", self.n); visit("u", self.stride_h); ...
//     }
// A key is lower-case letters followed by a number. Padding has the key "p" (all four sides) or
// "pt" "pl" "pb" "pr"; enumerations are written as their number. Fields left out keep their
// default.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "kernels/core/geometry.hpp"

namespace allconv::kernels {

namespace problem_text {

// The shortest text that reads back as the same value.
std::string number(double value);

struct Token {
  std::string_view key;
  double value = 0;
};

// Takes the next key and number from the front of `text`; nullopt where there is none.
std::optional<Token> take_token(std::string_view& text);

// The number as an integer of the type; nullopt where it is none. Conversions beyond the type's
// range are undefined.
template <std::integral Integer>
std::optional<Integer> whole(double value) {
  constexpr double kEnd =
      2 * static_cast<double>(std::numeric_limits<Integer>::max() / 2 + 1);  // exact
  if (!(value >= std::numeric_limits<Integer>::min() && value < kEnd)) return std::nullopt;
  const auto integer = static_cast<Integer>(value);
  return static_cast<double>(integer) == value ? std::optional(integer) : std::nullopt;
}

bool assign_padding(Padding& padding, const Token& token);

template <class Value>
bool assign(Value& value, const Token& token) {
  if constexpr (std::is_floating_point_v<Value>) {
    value = static_cast<Value>(token.value);
    return true;
  } else if constexpr (std::is_enum_v<Value>) {
    const auto number = whole<int>(token.value);
    if (number) value = static_cast<Value>(*number);
    return number.has_value();
  } else {
    const auto number = whole<Value>(token.value);
    if (number) value = *number;
    return number.has_value();
  }
}

}  // namespace problem_text

template <class Problem>
std::string to_text(const Problem& problem) {
  std::string text;
  const auto append = [&text](std::string_view key, double value) {
    text.append(key).append(problem_text::number(value));
  };
  Problem::fields(problem, [&](std::string_view key, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::same_as<Value, Padding>) {
      if (value == Padding{value.top, value.top, value.top, value.top}) {
        if (value.top != 0) append(key, value.top);
      } else {
        append("pt", value.top), append("pl", value.left);
        append("pb", value.bottom), append("pr", value.right);
      }
    } else {
      append(key, static_cast<double>(value));
    }
  });
  return text;
}

// Reads a problem; nullopt for a text with an unknown key or a number that does not fit.
template <class Problem>
std::optional<Problem> parse_problem(std::string_view text) {
  Problem problem;
  while (!text.empty()) {
    const auto token = problem_text::take_token(text);
    if (!token) return std::nullopt;
    bool known = false;
    Problem::fields(problem, [&](std::string_view key, auto& value) {
      if constexpr (std::same_as<std::remove_cvref_t<decltype(value)>, Padding>) {
        known = known || problem_text::assign_padding(value, *token);
      } else if (key == token->key) {
        known = problem_text::assign(value, *token);
      }
    });
    if (!known) return std::nullopt;
  }
  return problem;
}

}  // namespace allconv::kernels
