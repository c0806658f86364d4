#include "tools/cli/recipe_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "engine/support/error.hpp"
#include "engine/train/recipe.hpp"

namespace allconv::cli {

namespace {

void give(CLI::Option& option, const std::string& value, const std::string& recipe) {
  try {
    option.add_result(value);
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorKind::usage, error.what(), fmt::format("recipe {}", recipe),
                "change it there, or give the option beside --recipe");
  }
}

}  // namespace

void apply_recipe(CLI::App& command, TrainArguments& arguments) {
  if (arguments.recipe.empty()) return;
  const Recipe recipe = read_recipe(arguments.recipe);
  const bool from_model = begins_with_model(arguments.start);
  // A file says everything itself.
  const bool from_file = arguments.start.network.network.value_or("").ends_with(".json");
  for (const auto& [key, value] : recipe.settings) {
    if (from_file && key == "network-options") continue;
    const bool is_models = key.starts_with("network") || key == "prepare" || key == "fit";
    CLI::Option& option = *command.get_option("--" + key);
    if (option.count() == 0 && !(from_model && is_models)) give(option, value, recipe.name);
  }
  if (!from_model) arguments.start.described = recipe.network;
}

}  // namespace allconv::cli
