// The words of faults.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>

#include "tests/simt/site.hpp"

namespace allconv::simt {

// All values, as a stream prints them, in a row.
template <class... Values>
std::string cat(const Values&... values) {
  std::ostringstream text;
  (text << ... << values);
  return text.str();
}

inline std::string text_of(uint3 index) {
  return cat('(', index.x, ',', index.y, ',', index.z, ')');
}

// A file without its folders: messages are read beside the sources.
inline const char* file_name(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

inline std::string text_of(const Site& site) {
  return cat(file_name(site.file_name()), ':', site.line());
}

inline std::string hex(std::uint32_t value) {
  std::ostringstream text;
  text << "0x" << std::hex << value;
  return text.str();
}

}  // namespace allconv::simt
