#include "engine/support/text.hpp"

#include <cstddef>
#include <cstdint>

namespace allconv {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool between(char byte, unsigned first, unsigned last) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= first && value <= last;
}

// The range of the second byte after `lead`, which alone keeps out overlong forms (E0, F0),
// surrogates (ED) and what lies beyond U+10FFFF (F4).
bool second_byte_fits(char lead, char byte) {
  switch (static_cast<unsigned char>(lead)) {
    case 0xE0: return between(byte, 0xA0, 0xBF);
    case 0xED: return between(byte, 0x80, 0x9F);
    case 0xF0: return between(byte, 0x90, 0xBF);
    case 0xF4: return between(byte, 0x80, 0x8F);
    default: return between(byte, 0x80, 0xBF);
  }
}

// Bytes of the well-formed character at the front of `bytes`, 0 where there is none.
std::size_t character_length(std::string_view bytes) {
  const char lead = bytes.front();
  std::size_t length = 0;
  if (between(lead, 0x00, 0x7F)) return 1;
  if (between(lead, 0xC2, 0xDF)) length = 2;
  if (between(lead, 0xE0, 0xEF)) length = 3;
  if (between(lead, 0xF0, 0xF4)) length = 4;
  if (length == 0 || bytes.size() < length || !second_byte_fits(lead, bytes[1])) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!between(bytes[i], 0x80, 0xBF)) return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = character_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = character_length(bytes);
    text.append(length == 0 ? kReplacement : bytes.substr(0, length));
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;  // 24, of absent bytes zero
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (j < group.size() ? static_cast<unsigned char>(group[j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      text.push_back(j <= group.size() ? kDigits[bits >> (18 - 6 * j) & 63U] : '=');
  }
  return text;
}

}  // namespace allconv
