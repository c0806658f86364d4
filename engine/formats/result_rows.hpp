// Rows of `score`: one JSON object an input.
//
//     {"path": "a.png", "top": [{"class": "frog", "index": 6, "probability": 0.93}],
//      "logits": [...]}
//     {"path": "b.png", "error": {"stage": "decode", "message": "..."}}
//
// A path that is not UTF-8 has U+FFFD in "path", and "path_base64" with its bytes beside it.
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

// Turns a row with NaN or infinite numbers into an error row of the stage `network`.
void refuse_non_finite(ScoreRow& row);

// Without a newline. Numbers are the shortest that read back as the same float and must be finite.
std::string to_json_line(const ScoreRow& row);

}  // namespace allconv
