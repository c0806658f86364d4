#include "engine/explain/file_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace allconv {

namespace {

// Whatever the locale is.
bool is_plain(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9');
}

}  // namespace

std::string safe_name(std::string_view bytes) {
  constexpr std::size_t kMost = 64;  // bytes: names of files may have 255
  constexpr std::string_view kMarks = "._-";
  std::string name;
  for (const char byte : bytes) {
    if (name.size() == kMost) break;
    if (is_plain(byte) || (!name.empty() && kMarks.find(byte) != std::string_view::npos))
      name += byte;
    else if (!name.ends_with('_'))
      name += '_';
  }
  const bool says_nothing = std::none_of(name.begin(), name.end(), is_plain);
  return says_nothing ? std::string() : name;
}

std::string numbered_name(std::size_t number, int digits, std::string_view bytes) {
  const std::string name = safe_name(bytes);
  return fmt::format("{:0{}}{}{}", number, digits, name.empty() ? "" : "-", name);
}

std::string_view stem_of(std::string_view path) {
  constexpr std::size_t kMostSuffix = 5;  // ".jpeg"
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > kMostSuffix) return name;
  const std::string_view suffix = name.substr(dot + 1);
  return std::all_of(suffix.begin(), suffix.end(), is_plain) ? name.substr(0, dot) : name;
}

}  // namespace allconv
