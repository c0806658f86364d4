#include "engine/formats/part_identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/support/hash.hpp"
#include "engine/support/json.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

constexpr std::size_t kLongestQuote = 64;  // bytes of outside text in a sentence

class Differences {
 public:
  void compare(std::string_view name, const std::string& was, const std::string& now) {
    if (was == now) return;
    const std::string old = to_utf8(was.substr(0, kLongestQuote));
    found.push_back(fmt::format("{} (was {}, is {})", name, old.empty() ? "not given" : old,
                                now.empty() ? "not given" : now));
  }

  std::vector<std::string> found;
};

}  // namespace

std::string to_json_line(const PartIdentity& identity) {
  nlohmann::ordered_json flags = nlohmann::ordered_json::object();
  for (const PartIdentity::Flag& flag : identity.flags) flags[flag.name] = to_utf8(flag.value);
  // Numbers stand as texts too: JSON's are exact to 2^53 alone in many readers.
  const nlohmann::ordered_json value = {
      {"program", identity.program},
      {"model", hash_text(identity.model_hash)},
      {"inputs",
       {{"count", std::to_string(identity.inputs)}, {"paths", hash_text(identity.inputs_hash)}}},
      {"flags", flags},
      {"device", to_utf8(identity.device)}};
  return value.dump() + "\n";
}

IdentityComparison compare_identity(const PartIdentity& identity, std::string_view text,
                                    const std::string& where) {
  const JsonSource source = {ErrorKind::usage, where};
  const nlohmann::json parsed = parse_json(text, source);
  const JsonValue root(parsed, source);
  Differences differences;
  const auto compare = [&](std::string_view name, const JsonValue& was, const std::string& now) {
    differences.compare(name, was.string(), now);
  };
  compare("the program's version", root.at("program"), identity.program);
  compare("the model", root.at("model"), hash_text(identity.model_hash));
  const JsonValue inputs = root.at("inputs");
  compare("the number of inputs", inputs.at("count"), std::to_string(identity.inputs));
  compare("the inputs' paths or their order", inputs.at("paths"), hash_text(identity.inputs_hash));
  const JsonValue flags = root.at("flags");
  std::vector<std::string> left = flags.keys();
  for (const PartIdentity::Flag& flag : identity.flags) {
    const auto was = flags.find(flag.name);
    differences.compare(flag.name, was ? was->string() : std::string(), to_utf8(flag.value));
    std::erase(left, flag.name);
  }
  for (const std::string& name : left) {
    differences.compare(to_utf8(name.substr(0, kLongestQuote)), flags.at(name).string(), {});
  }
  return {std::move(differences.found), root.at("device").string()};
}

}  // namespace allconv
