// What the tests of part files share: a run of four rows, as JSON and as CSV.
#pragma once

#include <cstddef>
#include <string>

#include "engine/formats/part_file.hpp"

namespace allconv {

inline PartIdentity identity() {
  return {.program = "1.2.3",
          .model_hash = 0x0123456789abcdefU,
          .inputs = 4,
          .inputs_hash = 0xfedcba9876543210U,
          .flags = {{"--top-k", "2"}, {"--tuning-file", ""}},
          .device = "abacus, beads"};
}

// Four rows of two guesses are wanted in `out`, whose suffix says the format.
inline PartRequest request(const std::string& out, PartStart start = PartStart::anew) {
  return {.out_path = out,
          .identity = identity(),
          .style = {.format = row_format_of(out).value_or(RowFormat::jsonl)},
          .lines_per_row = 2,
          .rows = 4,
          .start = start};
}

inline PartRequest resumed(const std::string& out) { return request(out, PartStart::resume); }

inline std::string lines_of(std::size_t index, const std::string& out) {
  ScoreRow row{.path = "two\nlines" + std::to_string(index),
               .top = {{"frog", 6, 0.5F}, {"cat", 3, 0.25F}}};
  if (index == 1) row.error = {ScoreRow::Stage::open, "gone"};
  return row_lines(row, request(out).style);
}

inline std::string header_of(const std::string& out) { return rows_header(request(out).style); }

// The finished file.
inline std::string whole(const std::string& out) {
  std::string bytes = header_of(out);
  for (std::size_t i = 0; i < 4; ++i) bytes += lines_of(i, out);
  return bytes;
}

// A run that stops after `rows` rows.
inline void leave_part(const std::string& out, std::size_t rows) {
  PartFile part(request(out, PartStart::replace));
  for (std::size_t i = 0; i < rows; ++i) part.append(lines_of(i, out));
}

}  // namespace allconv
