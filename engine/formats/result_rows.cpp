#include "engine/formats/result_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/support/text.hpp"

namespace allconv {

namespace {

// `text` as a JSON string, quotes included.
std::string json_string(std::string_view text) { return nlohmann::json(to_utf8(text)).dump(); }

std::string guess_text(const ScoreRow::Guess& guess) {
  return fmt::format(R"({{"class": {}, "index": {}, "probability": {}}})",
                     json_string(guess.class_name), guess.index, guess.probability);
}

}  // namespace

std::string_view to_string(ScoreRow::Stage stage) {
  switch (stage) {
    case ScoreRow::Stage::open: return "open";
    case ScoreRow::Stage::decode: return "decode";
    case ScoreRow::Stage::network: return "network";
  }
  return "network";
}

void refuse_non_finite(ScoreRow& row) {
  const auto finite = [](float number) { return std::isfinite(number); };
  const auto finite_guess = [&](const auto& guess) { return finite(guess.probability); };
  if (std::all_of(row.logits.begin(), row.logits.end(), finite) &&
      std::all_of(row.top.begin(), row.top.end(), finite_guess)) {
    return;
  }
  row.error = {ScoreRow::Stage::network, "the network's outputs are not finite"};
  row.top.clear();
  row.logits.clear();
}

std::string to_json_line(const ScoreRow& row) {
  std::string line = fmt::format(R"({{"path": {})", json_string(row.path));
  if (!is_utf8(row.path)) line += fmt::format(R"(, "path_base64": "{}")", to_base64(row.path));
  if (row.error) {
    line += fmt::format(R"(, "error": {{"stage": "{}", "message": {}}}}})",
                        to_string(row.error->stage), json_string(row.error->message));
    return line;
  }
  line += R"(, "top": [)";
  for (std::size_t i = 0; i < row.top.size(); ++i)
    line.append(i == 0 ? "" : ", ").append(guess_text(row.top[i]));
  line += ']';
  if (!row.logits.empty()) line += fmt::format(R"(, "logits": [{}])", fmt::join(row.logits, ", "));
  return line += '}';
}

}  // namespace allconv
