#include "engine/report/markup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/support/text.hpp"

namespace allconv {

namespace {

constexpr std::string_view kUnknown = "\u2013";
constexpr std::string_view kNoCharacter = "\uFFFD";

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char byte : to_utf8(text)) {
    switch (byte) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: {
        const auto code = static_cast<unsigned char>(byte);
        const bool control = (code < 0x20 && byte != '\t' && byte != '\n') || code == 0x7F;
        control ? result.append(kNoCharacter) : result.append(1, byte);
      }
    }
  }
  return result;
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string shortened(std::string_view text, std::size_t characters) {
  const std::string whole = to_utf8(text);
  if (character_count(whole) <= characters) return whole;
  std::size_t end = 0;
  for (std::size_t left = characters; end < whole.size(); ++end) {
    if (begins_character(whole[end]) && left-- == 1) break;
  }
  return whole.substr(0, end) + "\u2026";
}

std::string percent_text(std::optional<double> share) {
  return share ? fmt::format("{:.2f} %", *share * 100) : std::string(kUnknown);
}

std::string number_text(std::optional<double> value) {
  return value ? fmt::format("{:.6g}", *value) : std::string(kUnknown);
}

std::string png_uri(std::string_view png) { return "data:image/png;base64," + to_base64(png); }

}  // namespace allconv
