// allconv recipes
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "engine/support/error.hpp"
#include "engine/train/recipe.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kRecipesExamples =
    "Examples:\n"
    "  All recipes, with what they reached:\n"
    "    allconv recipes\n"
    "  One as JSON, to change it and train by the result:\n"
    "    allconv recipes fast-cifar10 > mine.json\n"
    "    allconv train cifar-10-batches-bin/ -o model.safetensors --recipe mine.json";

std::string recipe_text(const Recipe& recipe) {
  std::string text = fmt::format("{}\n  {}\n", recipe.name, recipe.summary);
  if (recipe.paper_error)
    text += fmt::format("  the paper's error: {:.2f} %\n", *recipe.paper_error);
  if (recipe.results.empty()) text += "  reached here: not run yet\n";
  for (const RecipeResult& result : recipe.results) {
    text += fmt::format("  reached here: {:.2f} % of the {} wrong{}{}\n", result.error, result.of,
                        result.notes.empty() ? "" : ": ", result.notes);
  }
  return text;
}

int run_recipes(const std::string& name) {
  std::string text;
  for (const NamedRecipe& recipe : named_recipes()) {
    if (name == recipe.name) {
      print_result(recipe.json);
      return kDone;
    }
    if (!text.empty()) text += "\n";
    text += recipe_text(read_recipe(std::string(recipe.name)));
  }
  if (name.empty())
    print_result(text);
  else
    read_recipe(name);  // says which there are
  return kDone;
}

}  // namespace

void add_recipes_command(CLI::App& app, Chosen& chosen) {
  auto name = std::make_shared<std::string>();
  CLI::App& command = *app.add_subcommand(
      "recipes", "List the recipes of `train` and what they reached, or print one as JSON");
  command.add_option("NAME", *name, "a recipe's name")->type_name("");
  command.footer(kRecipesExamples);
  command.callback([name, &chosen] { chosen = [name] { return run_recipes(*name); }; });
}

}  // namespace allconv::cli
