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

std::string json_line(const ScoreRow& row, const RowStyle& style) {
  std::string line = fmt::format(R"({{"path": {})", json_string(row.path));
  if (!is_utf8(row.path)) line += fmt::format(R"(, "path_base64": "{}")", to_base64(row.path));
  if (row.error) {
    line += fmt::format(R"(, "error": {{"stage": "{}", "message": {}}})",
                        to_string(row.error->stage), json_string(row.error->message));
  } else {
    line += R"(, "top": [)";
    for (std::size_t i = 0; i < row.top.size(); ++i)
      line.append(i == 0 ? "" : ", ").append(guess_text(row.top[i]));
    line += ']';
    if (!row.logits.empty())
      line += fmt::format(R"(, "logits": [{}])", fmt::join(row.logits, ", "));
  }
  if (!style.decode.empty()) line += fmt::format(R"(, "decode": {})", json_string(style.decode));
  return line += "}\n";
}

// `text` as one field, RFC 4180, section 2, rules 5 to 7.
std::string csv_field(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
  std::string field;
  for (const char letter : to_utf8(text)) {
    if (letter == '"') field += '"';
    if (letter == '\0')
      field += kReplacement;
    else
      field += letter;
  }
  const bool quoted = field.find_first_of(",\"\r\n") != std::string::npos;
  return quoted ? '"' + field + '"' : field;
}

std::string csv_lines(const ScoreRow& row, const RowStyle& style) {
  const std::string path = csv_field(row.path);
  const bool exact_path = is_utf8(row.path) && row.path.find('\0') == std::string::npos;
  std::string end = "," + (exact_path ? std::string() : to_base64(row.path));
  if (!style.decode.empty()) end += "," + csv_field(style.decode);
  end += '\n';
  if (row.error) {
    return fmt::format("{},,,,,{},{}{}", path, to_string(row.error->stage),
                       csv_field(row.error->message), end);
  }
  std::string lines;
  for (std::size_t i = 0; i < row.top.size(); ++i) {
    const ScoreRow::Guess& guess = row.top[i];
    lines += fmt::format("{},{},{},{},{},,{}", path, i + 1, csv_field(guess.class_name),
                         guess.index, guess.probability, end);
  }
  return lines;
}

}  // namespace

std::optional<RowFormat> row_format_of(std::string_view path) {
  if (path.ends_with(".jsonl")) return RowFormat::jsonl;
  if (path.ends_with(".csv")) return RowFormat::csv;
  return std::nullopt;
}

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

std::string rows_header(const RowStyle& style) {
  if (style.format == RowFormat::jsonl) return {};
  std::string header = "path,rank,class,index,probability,error_stage,error_message,path_base64";
  if (!style.decode.empty()) header += ",decode";
  return header += '\n';
}

std::string row_lines(const ScoreRow& row, const RowStyle& style) {
  return style.format == RowFormat::jsonl ? json_line(row, style) : csv_lines(row, style);
}

}  // namespace allconv
