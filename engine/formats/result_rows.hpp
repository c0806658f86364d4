// Rows of `score`, one an input. As JSON an object a line:
//
//     {"path": "a.png", "top": [{"class": "frog", "index": 6, "probability": 0.93}],
//      "logits": [...]}
//     {"path": "b.png", "error": {"stage": "decode", "message": "..."}}
//
// as CSV a header, then a line a guess, and one line without a rank for an error:
//
//     path,rank,class,index,probability,error_stage,error_message,path_base64
//     a.png,1,frog,6,0.93,,,
//     b.png,,,,,decode,...,
//
// A path that is not UTF-8 has U+FFFD in "path", and its bytes in "path_base64". Rows of images
// that were not decoded exactly say how in a last key or column "decode".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace allconv {

struct ScoreRow {
  // Where an input failed.
  enum class Stage { open, decode, network };
  struct Failure {
    Stage stage = Stage::open;
    std::string message;
  };
  struct Guess {
    std::string class_name;
    int index = 0;
    float probability = 0;
  };

  std::string path;                   // bytes, as given or found
  std::vector<Guess> top = {};        // the most probable first
  std::vector<float> logits = {};     // one a class; empty: not asked for
  std::optional<Failure> error = {};  // stands in place of `top` and `logits`
};

std::string_view to_string(ScoreRow::Stage stage);

enum class RowFormat { jsonl, csv };

// By the name's end; nullopt: neither .jsonl nor .csv.
std::optional<RowFormat> row_format_of(std::string_view path);

// How all rows of one file are written.
struct RowStyle {
  RowFormat format = RowFormat::jsonl;
  std::string decode = {};  // empty: exactly, which no row mentions
};

// Turns a row with NaN or infinite numbers into an error row of the stage `network`.
void refuse_non_finite(ScoreRow& row);

// What stands before the first row, with its newline; empty for JSON.
std::string rows_header(const RowStyle& style);

// The row's lines, each with its newline. Numbers are the shortest that read back as the same float
// and must be finite. CSV has no logits; its fields are quoted as RFC 4180 has it, where they must
// be, and never hold a NUL byte: a path with one is treated as one that is not UTF-8.
std::string row_lines(const ScoreRow& row, const RowStyle& style);

}  // namespace allconv
