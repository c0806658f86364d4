#include "engine/formats/history.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/support/error.hpp"
#include "engine/support/file_descriptor.hpp"
#include "engine/support/input_file.hpp"
#include "engine/support/json.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

using nlohmann::json;

std::string json_text(std::string_view text) { return json(to_utf8(text)).dump(); }

std::optional<double> optional_number(const JsonValue& object, std::string_view key) {
  const auto value = object.find(key);
  return value && !value->is_null() ? std::optional(value->number()) : std::nullopt;
}

bool has_true(const JsonValue& object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->boolean();
}

int count(const JsonValue& value, int least = 0) {
  return static_cast<int>(value.integer(least, INT32_MAX));
}

HistoryHeader parse_header(const JsonValue& value) {
  HistoryHeader header = {
      .data = value.at("data").string(),
      .validate = {},
      .epochs = count(value.at("epochs"), 1),
      .network = value.at("network").string(),
      .batch_size = count(value.at("batch_size"), 1),
      .learning_rate = value.at("learning_rate").number(),
      .momentum = value.at("momentum").number(),
      .weight_decay = value.at("weight_decay").number(),
      .schedule = value.at("schedule").string(),
      .warm_up = count(value.at("warm_up")),
      .augment = value.at("augment").string(),
      .seed = static_cast<std::uint64_t>(value.at("seed").integer(0, INT64_MAX))};
  const JsonValue validate = value.at("validate");
  if (!validate.is_null()) header.validate = validate.string();
  return header;
}

LayerRecord parse_layer_record(const JsonValue& value) {
  LayerRecord layer = {.name = value.at("name").string(),
                       .weight_norm = optional_number(value, "weight_norm"),
                       .gradient_norm = optional_number(value, "gradient_norm"),
                       .units = count(value.at("units"))};
  const JsonValue dead = value.at("dead");
  if (!dead.is_null()) layer.dead = static_cast<int>(dead.integer(0, layer.units));
  return layer;
}

HistoryRow parse_row(const JsonValue& value) {
  HistoryRow row;
  row.metrics = {.epoch = count(value.at("epoch"), 1),
                 .train_loss = optional_number(value, "train_loss"),
                 .train_error = optional_number(value, "train_error"),
                 .validation_error = optional_number(value, "validation_error"),
                 .learning_rate = optional_number(value, "learning_rate"),
                 .seconds = optional_number(value, "seconds"),
                 .images_per_second = optional_number(value, "images_per_second"),
                 .device_changed = has_true(value, "device_changed")};
  if (has_true(value, "dead_start"))
    row.metrics.dead_start = static_cast<std::uint64_t>(value.at("seed").integer(0, INT64_MAX));
  for (const JsonValue& layer : value.at("layers").elements("layer"))
    row.layers.push_back(parse_layer_record(layer));
  return row;
}

}  // namespace

std::string history_path(const std::string& folder) { return folder + "/history.jsonl"; }

std::string to_json_line(const HistoryHeader& header) {
  return fmt::format(
      R"({{"data": {}, "validate": {}, "epochs": {}, "network": {}, "batch_size": {}, )"
      R"("learning_rate": {}, "momentum": {}, "weight_decay": {}, "schedule": {}, )"
      R"("warm_up": {}, "augment": {}, "seed": {}}})",
      json_text(header.data), header.validate ? json_text(*header.validate) : "null", header.epochs,
      json_text(header.network), header.batch_size, header.learning_rate, header.momentum,
      header.weight_decay, json_text(header.schedule), header.warm_up, json_text(header.augment),
      header.seed);
}

History parse_history(std::string_view text, const std::string& where,
                      const Diagnostics& diagnostics) {
  History history;
  std::size_t begin = 0;
  std::size_t number = 1;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', begin)) {
    const JsonSource source = {ErrorKind::io, fmt::format("{}: line {}", where, number)};
    try {
      const json parsed = parse_json(text.substr(begin, end - begin), source);
      const JsonValue value(parsed, source);
      if (number == 1)
        history.header = parse_header(value);
      else
        history.rows.push_back(parse_row(value));
    } catch (const Error& error) {
      if (diagnostics)
        diagnostics(Severity::warning,
                    fmt::format("passed over, as it is damaged: {}", error.what()));
    }
    begin = end + 1;
    ++number;
  }
  return history;
}

History read_history(const std::string& folder, const Diagnostics& diagnostics) {
  constexpr std::int64_t kMaxFileBytes = std::int64_t{1} << 30;
  const std::string path = history_path(folder);
  if (!path_exists(path)) return {};
  return parse_history(read_file(path, kMaxFileBytes), path, diagnostics);
}

}  // namespace allconv
