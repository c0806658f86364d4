// What every fuzz target checks beyond "no crash": that a refusal is one sentence of the right
// kind, and that what holds is said when it does not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "engine/support/error.hpp"

namespace allconv::fuzz {

using Input = std::span<const std::uint8_t>;

inline std::string_view text_of(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// Two files in one input, which has two bytes at least: these tell the length of the first.
inline std::pair<std::string_view, std::string_view> two_files_of(Input input) {
  const std::string_view files = text_of(input.subspan(2));
  const std::size_t length = std::min(input[0] + std::size_t{256} * input[1], files.size());
  return {files.substr(0, length), files.substr(length)};
}

// Ends the program, which is what libFuzzer and the replay take for a finding.
inline void require(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken promise: %.*s\n", static_cast<int>(promise.size()),
               promise.data());
  std::abort();
}

// A sentence fits on a line of a terminal or log, whatever bytes a file has put into it.
inline bool is_one_line(std::string_view sentence) {
  return !sentence.empty() && std::none_of(sentence.begin(), sentence.end(), [](char letter) {
    return (letter >= 0 && letter < ' ') || letter == '\x7F';
  });
}

// Runs `body`; false when it throws an Error, which must be of one of the kinds. Another exception
// is a finding.
template <class Body>
bool accepted(std::initializer_list<ErrorKind> kinds, const Body& body) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    if (std::find(kinds.begin(), kinds.end(), error.kind()) == kinds.end()) {
      std::fprintf(stderr, "fuzz: an error of another kind: %s\n", error.what());
      std::abort();
    }
    require(is_one_line(error.what()), "an error is one sentence");
    return false;
  }
}

}  // namespace allconv::fuzz
