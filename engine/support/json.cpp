#include "engine/support/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "engine/support/text.hpp"

namespace allconv {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestQuote = 200;  // bytes of outside text in an error

// Watches the parser; throws as soon as a limit is passed, before the value is kept.
class LimitedParse {
 public:
  LimitedParse(const JsonSource& source, const JsonLimits& limits)
      : source_(source), limits_(limits) {}

  bool operator()(int /*depth*/, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        keys_.emplace_back();
        if (keys_.size() > limits_.depth)
          refuse(fmt::format("the JSON is nested more than {} deep", limits_.depth));
        count();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end: keys_.pop_back(); break;
      case json::parse_event_t::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys_.back().insert(key).second)
          refuse(fmt::format("the JSON has the key \"{}\" twice in one object",
                             to_utf8(key.substr(0, kLongestQuote))));
        count();
        break;
      }
      case json::parse_event_t::value: count(); break;
    }
    return true;
  }

 private:
  void count() {
    if (++elements_ > limits_.elements)
      refuse(fmt::format("the JSON has more than {} values", limits_.elements));
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(source_.kind, what, source_.where, "simplify it");
  }

  const JsonSource& source_;
  const JsonLimits& limits_;
  std::vector<std::set<std::string>> keys_;  // of the objects that are open
  std::size_t elements_ = 0;
};

// The parser's own words without its prefix "[json.exception...] ".
std::string reason(const json::exception& error) {
  std::string_view text = error.what();
  text.remove_prefix(std::min(text.size(), text.find("] ") + 2));
  return to_utf8(text.substr(0, kLongestQuote));
}

}  // namespace

json parse_json(std::string_view text, const JsonSource& source, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    throw Error(source.kind, fmt::format("the JSON has more than {} bytes", limits.bytes),
                source.where, "shorten it");
  }
  try {
    // By reference: the parser copies its callback.
    LimitedParse watch(source, limits);
    return json::parse(text, std::ref(watch));
  } catch (const json::exception& error) {
    throw Error(source.kind, fmt::format("not valid JSON: {}", reason(error)), source.where,
                "correct the text");
  }
}

JsonValue::JsonValue(const json& value, JsonSource source)
    : value_(&value), source_(std::move(source)) {}

void JsonValue::refuse(std::string_view what, std::string_view mend) const {
  throw Error(source_.kind, what, source_.where, mend);
}

bool JsonValue::is_null() const { return value_->is_null(); }

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  if (!value_->is_object()) refuse("not an object", "write it as {...}");
  const auto found = value_->find(key);
  if (found == value_->end()) return std::nullopt;
  return JsonValue(*found, {source_.kind, fmt::format("{}: {}", source_.where, key)});
}

JsonValue JsonValue::at(std::string_view key) const {
  auto found = find(key);
  if (!found) refuse(fmt::format("the key \"{}\" is missing", key), "add it");
  return *std::move(found);
}

std::vector<std::string> JsonValue::keys() const {
  if (!value_->is_object()) refuse("not an object", "write it as {...}");
  std::vector<std::string> keys;
  for (const auto& item : value_->items()) keys.push_back(item.key());
  return keys;
}

std::vector<JsonValue> JsonValue::elements(std::string_view element_name) const {
  if (!value_->is_array()) refuse("not a list", "write it as [...]");
  std::vector<JsonValue> elements;
  elements.reserve(value_->size());
  for (const json& element : *value_) {
    elements.emplace_back(
        element, JsonSource{source_.kind, fmt::format("{}: {} {}", source_.where, element_name,
                                                      elements.size() + 1)});
  }
  return elements;
}

std::vector<JsonValue> JsonValue::elements_exactly(std::size_t count) const {
  std::vector<JsonValue> values = elements();
  if (values.size() != count)
    refuse(fmt::format("a list of {} elements", values.size()), fmt::format("give {}", count));
  return values;
}

std::int64_t JsonValue::integer(std::int64_t least, std::int64_t most) const {
  // The parser keeps what is not negative as unsigned, so that 2^63 and more are told apart.
  const bool fits = value_->is_number_unsigned()
                        ? std::in_range<std::int64_t>(value_->get<std::uint64_t>())
                        : value_->is_number_integer();
  const std::int64_t value = fits ? value_->get<std::int64_t>() : 0;
  if (!fits || value < least || value > most) {
    refuse("not a whole number of the allowed range",
           fmt::format("give one from {} to {}", least, most));
  }
  return value;
}

double JsonValue::number() const {
  if (!value_->is_number()) refuse("not a number", "give a number");
  return value_->get<double>();
}

bool JsonValue::boolean() const {
  if (!value_->is_boolean()) refuse("neither true nor false", "give one of them");
  return value_->get<bool>();
}

const std::string& JsonValue::string() const {
  if (!value_->is_string()) refuse("not a text", "write it in quotes");
  return value_->get_ref<const std::string&>();
}

}  // namespace allconv
