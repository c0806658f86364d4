#include "kernels/core/problem_text.hpp"

#include <array>

namespace allconv::kernels::problem_text {

std::string number(double value) {
  std::array<char, 64> text;
  char* const last = text.data() + text.size();
  const auto single = static_cast<float>(value);
  const auto [end, error] = single == value
                                ? std::to_chars(text.data(), last, single, std::chars_format::fixed)
                                : std::to_chars(text.data(), last, value, std::chars_format::fixed);
  return error == std::errc{} ? std::string(text.data(), end) : "0";
}

std::optional<Token> take_token(std::string_view& text) {
  std::size_t letters = 0;
  while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
  Token token{.key = text.substr(0, letters)};
  const char* first = text.data() + letters;
  const auto [end, error] =
      std::from_chars(first, text.data() + text.size(), token.value, std::chars_format::fixed);
  if (letters == 0 || error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return token;
}

bool assign_padding(Padding& padding, const Token& token) {
  const auto number = whole<int>(token.value);
  if (!number) return false;
  const int value = *number;
  if (token.key == "p")
    padding = {value, value, value, value};
  else if (token.key == "pt")
    padding.top = value;
  else if (token.key == "pl")
    padding.left = value;
  else if (token.key == "pb")
    padding.bottom = value;
  else if (token.key == "pr")
    padding.right = value;
  else
    return false;
  return true;
}

}  // namespace allconv::kernels::problem_text
