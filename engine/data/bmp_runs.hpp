// The run-length codes of BMP, RLE8 and RLE4: pairs of bytes (count, index), and escapes that begin
// with a zero: end of a row, end of the image, a step to another place, pixels as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/data/byte_order.hpp"
#include "engine/data/decoders.hpp"

namespace allconv {

struct BmpRuns {
  struct Place {
    std::int64_t y = 0, x = 0;  // rows in the file's order
  };

  std::span<const std::byte> data;
  std::int64_t height = 0, width = 0;
  bool four_bits = false;  // RLE4: two indices a byte, the first in the upper half

  // Calls visit(place, index) -> bool for each coded pixel, false: the palette lacks the index.
  // Every row must be reached and the end be marked.
  template <class Visit>
  std::optional<ImageError> walk(Visit&& visit) const {
    Place place;
    for (std::size_t at = 0; at + 2 <= data.size();) {
      const std::uint32_t count = byte(at);
      const std::uint32_t code = byte(at + 1);
      at += 2;
      if (count == 0 && code == kEnd) return reaches_end(place);
      if (count == 0 && code == kNextRow) {
        place = {place.y + 1, 0};
        continue;
      }
      if (count == 0 && code == kStep) {
        if (at + 2 > data.size()) break;
        place = {place.y + byte(at + 1), place.x + byte(at)};
        at += 2;
        continue;
      }
      const std::uint32_t pixels = count == 0 ? code : count;
      const std::size_t literal = count == 0 ? literal_bytes(pixels) : 0;
      if (literal > data.size() - at) break;
      if (place.y >= height || place.x + pixels > width) {
        return decode_error("a run leaves the image");
      }
      for (std::uint32_t i = 0; i < pixels; ++i, ++place.x) {
        const std::uint32_t source = count == 0 ? byte(at + (four_bits ? i / 2 : i)) : code;
        const std::uint32_t index = !four_bits ? source : i % 2 == 0 ? source >> 4 : source & 15;
        if (!visit(place, index)) return decode_error("a pixel's colour is not in the palette");
      }
      at += literal;
    }
    return ends_early();
  }

 private:
  static constexpr std::uint32_t kNextRow = 0, kEnd = 1, kStep = 2;

  std::uint32_t byte(std::size_t at) const { return little_endian(data, at, 1); }

  // Literal pixels fill whole 16-bit words.
  std::size_t literal_bytes(std::uint32_t pixels) const {
    return std::size_t{2} * (four_bits ? (pixels + 3) / 4 : (pixels + 1) / 2);
  }

  // An end before the last row would leave pixels without a colour.
  std::optional<ImageError> reaches_end(const Place& place) const {
    const bool complete = place.y >= height || (place.y == height - 1 && place.x >= width);
    return complete ? std::nullopt : std::optional(ends_early());
  }
};

}  // namespace allconv
