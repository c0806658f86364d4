// JSON from outside: parsing within hard limits, and values that know where they stand, so that
// every error names the key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/support/error.hpp"

namespace allconv {

struct JsonLimits {
  std::size_t bytes = 1 << 20;
  std::size_t depth = 16;          // nested objects and arrays
  std::size_t elements = 1 << 17;  // values and keys in all
};

// Whose text it is: the kind and the place of its errors.
struct JsonSource {
  ErrorKind kind = ErrorKind::usage;
  std::string where;  // "model.safetensors: allconv.network"
};

// Parses one value, and nothing but white space behind it. Refuses what breaks the limits,
// duplicate keys, numbers beyond a double, and strings that are not UTF-8; memory stays within a
// small multiple of the limits.
nlohmann::json parse_json(std::string_view text, const JsonSource& source,
                          const JsonLimits& limits = {});

// A borrowed value of a parsed text, which must outlive it. Every function that finds another type
// than it wants throws an error of the source's kind that names the place.
class JsonValue {
 public:
  JsonValue(const nlohmann::json& value, JsonSource source);

  const JsonSource& source() const { return source_; }
  bool is_null() const;

  // Of an object: the value of a required and of an optional key; keys not asked for are ignored.
  JsonValue at(std::string_view key) const;
  std::optional<JsonValue> find(std::string_view key) const;
  std::vector<std::string> keys() const;

  // Of an array: its elements, which errors count from 1: "layer 3" for the name "layer".
  std::vector<JsonValue> elements(std::string_view element_name = "element") const;
  // The same for an array of exactly `count` elements.
  std::vector<JsonValue> elements_exactly(std::size_t count) const;

  std::int64_t integer(std::int64_t least, std::int64_t most) const;  // within both, inclusive
  double number() const;
  bool boolean() const;
  const std::string& string() const;

  [[noreturn]] void refuse(std::string_view what, std::string_view mend) const;

 private:
  const nlohmann::json* value_;
  JsonSource source_;
};

}  // namespace allconv
