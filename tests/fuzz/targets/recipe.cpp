// Recipes: what is accepted names options alone, and its network can be written and read again.
#include "engine/train/recipe.hpp"

#include <algorithm>

#include "engine/formats/model_file.hpp"
#include "tests/fuzz/harness/checks.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allconv;
  Recipe recipe;
  const auto read = [&] {
    recipe = parse_recipe(fuzz::text_of({data, size}), "mine", "mine.json");
  };
  if (!fuzz::accepted({ErrorKind::usage}, read)) return 0;
  for (const auto& [option, value] : recipe.settings) {
    const bool is_option = std::all_of(option.begin(), option.end(), [](char letter) {
      return (letter >= 'a' && letter <= 'z') || letter == '-';
    });
    fuzz::require(is_option, "a setting is named as an option is");
  }
  if (recipe.network) {
    fuzz::require(network_from_json(network_to_json(*recipe.network)) == *recipe.network,
                  "a recipe's network reads equal when it was written");
  }
  return 0;
}
