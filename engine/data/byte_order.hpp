// Numbers in image files. The caller has made sure that their bytes are there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace allconv {

inline std::uint32_t little_endian(std::span<const std::byte> data, std::size_t at, int bytes) {
  std::uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) {
    value = value << 8 | std::to_integer<std::uint32_t>(data[at + static_cast<std::size_t>(i)]);
  }
  return value;
}

inline std::uint32_t big_endian(std::span<const std::byte> data, std::size_t at, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value = value << 8 | std::to_integer<std::uint32_t>(data[at + static_cast<std::size_t>(i)]);
  }
  return value;
}

}  // namespace allconv
