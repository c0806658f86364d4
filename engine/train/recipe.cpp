#include "engine/train/recipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/formats/metadata.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"
#include "engine/support/json.hpp"

namespace allconv {

namespace {

constexpr std::array<std::string_view, 5> kKeys = {"summary", "notes", "paper_error", "settings",
                                                   "results"};
// Options that say where things are, or how fast, are no part of a recipe.
constexpr std::array<std::string_view, 16> kSettings = {"network",       "network-options",
                                                        "epochs",        "batch-size",
                                                        "learning-rate", "momentum",
                                                        "weight-decay",  "schedule",
                                                        "warm-up",       "dropout",
                                                        "prepare",       "fit",
                                                        "augment",       "init",
                                                        "initial-bias",  "seed"};

template <std::size_t kCount>
void check_keys(const JsonValue& value, const std::array<std::string_view, kCount>& known) {
  for (const std::string& key : value.keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    value.at(key).refuse("not a key that is known here",
                         fmt::format("use some of {}", fmt::join(known, ", ")));
  }
}

std::vector<RecipeResult> parse_results(const JsonValue& value) {
  std::vector<RecipeResult> results;
  for (const JsonValue& result : value.elements("result")) {
    check_keys(result, std::array<std::string_view, 3>{"error", "of", "notes"});
    results.push_back({.error = result.at("error").number(),
                       .of = result.at("of").string(),
                       .notes = result.find("notes") ? result.at("notes").string() : ""});
  }
  return results;
}

// A number as it is written; a text as it is.
std::string setting_text(const nlohmann::json& value, const JsonValue& place) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number()) place.refuse("neither a text nor a number", "write it as an option");
  return value.dump();
}

}  // namespace

Recipe parse_recipe(std::string_view json, const std::string& name, const std::string& where) {
  const JsonSource source = {ErrorKind::usage, where};
  const nlohmann::json parsed = parse_json(json, source);
  const JsonValue value(parsed, source);
  check_keys(value, kKeys);
  Recipe recipe{.name = name,
                .summary = {},
                .notes = {},
                .paper_error = {},
                .settings = {},
                .network = {},
                .results = {}};
  if (const auto summary = value.find("summary")) recipe.summary = summary->string();
  if (const auto notes = value.find("notes")) {
    for (const JsonValue& note : notes->elements("note")) recipe.notes.push_back(note.string());
  }
  if (const auto error = value.find("paper_error"); error && !error->is_null())
    recipe.paper_error = error->number();
  if (const auto results = value.find("results")) recipe.results = parse_results(*results);
  const JsonValue settings = value.at("settings");
  check_keys(settings, kSettings);
  for (const auto& [key, setting] : parsed.at("settings").items()) {
    if (key == "network" && setting.is_object())
      recipe.network = parse_network(setting.dump(), settings.at(key).source());
    else
      recipe.settings.emplace_back(key, setting_text(setting, settings.at(key)));
  }
  return recipe;
}

Recipe read_recipe(const std::string& choice) {
  if (choice.ends_with(".json")) {
    constexpr std::int64_t kMaxBytes = 1 << 20;
    return parse_recipe(read_file(choice, kMaxBytes), choice, choice);
  }
  const auto all = named_recipes();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const NamedRecipe& recipe) { return recipe.name == choice; });
  if (found != all.end()) return parse_recipe(found->json, choice, "recipe " + choice);
  std::vector<std::string_view> names;
  for (const NamedRecipe& recipe : all) names.push_back(recipe.name);
  throw Error(ErrorKind::usage, fmt::format("there is no recipe \"{}\"", choice), "--recipe",
              fmt::format("give a .json file, or one of {}", fmt::join(names, ", ")));
}

}  // namespace allconv
