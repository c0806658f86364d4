// Recipes: settings of a training under a name, as readable files (recipes/*.json).
//
//     {"summary": "...", "paper_error": 9.08, "notes": ["..."],
//      "settings": {"network": "all-cnn-c", "epochs": 350, "dropout": "0.2,0.5,0.5", ...},
//      "results": [{"error": 9.5, "of": "CIFAR-10 test set", "notes": "..."}]}
//
// Only the settings are required. Their keys are the options of `allconv train`, without dashes;
// `network` may also be a network's description. Errors are in percent.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/graph/network.hpp"

namespace allconv {

struct RecipeResult {
  double error = 0;  // percent of the images of `of`
  std::string of;    // "CIFAR-10 test set"
  std::string notes;
};

struct Recipe {
  std::string name;
  std::string summary;
  std::vector<std::string> notes;
  std::optional<double> paper_error;  // percent
  std::vector<std::pair<std::string, std::string>>
      settings;                               // option and value, as on a command line
  std::optional<NetworkDescription> network;  // where it is described in full
  std::vector<RecipeResult> results;
};

// The recipes that come with the program, by name; `json` is the whole file.
struct NamedRecipe {
  std::string_view name;
  std::string_view json;
};
std::span<const NamedRecipe> named_recipes();

// Throws Error{usage} that names the key at `where`: an unknown one, or a value of another type.
Recipe parse_recipe(std::string_view json, const std::string& name, const std::string& where);

// `choice` is a recipe's name or a path that ends in .json. Throws Error{usage}, which lists the
// names, and Error{io}.
Recipe read_recipe(const std::string& choice);

}  // namespace allconv
