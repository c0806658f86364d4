#include "engine/explain/explanation_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/explain/attribution_picture.hpp"
#include "engine/explain/path_json.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

using Json = nlohmann::ordered_json;  // writes a number that is not finite as null

Json text_json(std::string_view text) { return to_utf8(text); }

Json unit_json(const ExplanationSubject& subject, const ExplainedUnit& unit) {
  Json json = Json::object();
  if (subject.layer.empty())
    json["class"] = text_json(class_text(subject, static_cast<std::size_t>(unit.channel)));
  else
    json["layer"] = text_json(subject.layer);
  json["channel"] = unit.channel;
  json["row"] = unit.row;
  json["column"] = unit.column;
  json["value"] = unit.value;
  return json;
}

Json map_json(const MapRecord& map) {
  Json json = {{"method", map.method},
               {"least", map.least},
               {"largest", map.largest},
               {"range", map.range},
               {"signed_range", map.signed_range},
               {"all_zero", map.all_zero}};
  if (!map.overlay.empty()) json["overlay"] = map.overlay;
  return json;
}

}  // namespace

std::string class_text(const ExplanationSubject& subject, std::size_t index) {
  return index < subject.classes.size() ? subject.classes[index] : fmt::format("{}", index);
}

MapRecord map_record(std::string_view method, std::span<const float> map) {
  MapRecord record;
  record.method = method;
  for (const float value : map) {
    if (!std::isfinite(value)) continue;
    record.least = std::min<double>(record.least, value);
    record.largest = std::max<double>(record.largest, value);
  }
  record.range = largest_magnitude(map);
  record.signed_range = largest_magnitude(channel_sum(map));
  record.all_zero = std::all_of(map.begin(), map.end(), [](float value) { return value == 0; });
  return record;
}

std::string explanations_head(const ExplanationSubject& subject) {
  Json methods = Json::array();
  for (const std::string& method : subject.methods) methods.push_back(method);
  Json head = Json::object();
  head["model"] = text_json(subject.model);
  head["network"] = text_json(subject.network);
  head["device"] = text_json(subject.device);
  head["precision"] = text_json(subject.precision);
  head["methods"] = methods;
  std::string text = head.dump();
  text.pop_back();  // the list of images stands in the same object
  return text + ",\"images\":[\n";
}

std::string record_json(const ExplanationSubject& subject, const ExplanationRecord& record) {
  Json json = Json::object();
  json["index"] = record.index;
  add_path(json, record.path);
  if (record.failure) {
    json["error"] = {{"stage", std::string(to_string(record.failure->stage))},
                     {"message", text_json(record.failure->message)}};
    return json.dump();
  }
  json["predicted"] = {{"class", text_json(class_text(subject, record.predicted))},
                       {"index", record.predicted},
                       {"probability", record.probability}};
  json["unit"] = unit_json(subject, record.unit);
  Json maps = Json::array();
  for (const MapRecord& map : record.maps) maps.push_back(map_json(map));
  json["maps"] = std::move(maps);
  if (!record.strip.empty()) json["strip"] = record.strip;
  if (!record.picture_error.empty()) json["picture_error"] = text_json(record.picture_error);
  return json.dump();
}

}  // namespace allconv
