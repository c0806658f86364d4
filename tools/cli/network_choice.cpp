// Which network a command works on: by name, from a JSON file, or a model's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "engine/graph/networks.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/command.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kDefaultNetwork = "all-cnn-c";
constexpr int kLeastClasses = 2;

// Null for anything that is not a name of the paper's networks.
const NamedNetwork* find_named(std::string_view name) {
  const auto all = named_networks();
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const NamedNetwork& network) { return network.name == name; });
  return found == all.end() ? nullptr : &*found;
}

bool is_network_file(std::string_view argument) { return argument.ends_with(".json"); }

// A network's name, perhaps a mistyped one, rather than a file.
bool looks_like_name(const std::string& argument) {
  std::error_code ignored;  // a file that cannot be looked at fails when it is read
  return find_named(argument) != nullptr || (argument.find_first_of("./") == std::string::npos &&
                                             !std::filesystem::exists(argument, ignored));
}

// A file says everything itself: options do not apply, and --classes can only agree.
NetworkDescription read_network(const std::string& path, const NetworkChoice& choice) {
  if (choice.options) {
    throw Error(ErrorKind::usage, "goes with a network's name, not with a file",
                "--network-options", "leave it out");
  }
  NetworkDescription network = read_network_file(path);
  const int classes = class_count(network);
  if (choice.classes && *choice.classes != classes) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} classes are asked for, but the network has {}", *choice.classes, classes),
        path, "leave --classes out, or change the last convolution's filters");
  }
  return network;
}

}  // namespace

void add_network_options(CLI::App& command, NetworkChoice& choice) {
  const auto add = [&command](const char* name, auto& value, const char* help) {
    return command.add_option(name, value, help)->group("Network");
  };
  add("--network", choice.network,
      "one of `allconv networks`, or a file as `allconv networks NAME` prints it; "
      "default: all-cnn-c")
      ->type_name("NAME|FILE.json");
  add("--network-options", choice.options,
      "head=valid|same,last-relu=on|off,ladder=27|23; default: the first of each")
      ->type_name("KEY=VALUE,...");
  limit_integer(add("--classes", choice.classes, "number of classes; default: the network's own"),
                kLeastClasses, kMaxExtent)
      ->type_name("N");
}

NetworkDescription choose_network(const NetworkChoice& choice, std::optional<int> default_classes) {
  const std::string name = choice.network.value_or(kDefaultNetwork);
  const NamedNetwork* named = find_named(name);
  if (named == nullptr && is_network_file(name)) return read_network(name, choice);
  const NetworkOptions options =
      choice.options ? parse_network_options(*choice.options) : NetworkOptions{};
  const int own_classes = named == nullptr ? kLeastClasses : named->default_classes;
  return make_network(name, options,
                      choice.classes.value_or(default_classes.value_or(own_classes)));
}

ModelOrNetwork choose_model_or_network(const std::optional<std::string>& argument,
                                       const NetworkChoice& choice) {
  if (!argument) return {.model = std::nullopt, .network = choose_network(choice)};
  if (choice.network) {
    throw Error(ErrorKind::usage, fmt::format("the network is named twice, also as {}", *argument),
                "--network", "leave one of the two out");
  }
  if (looks_like_name(*argument) || is_network_file(*argument)) {
    NetworkChoice named = choice;
    named.network = argument;
    return {.model = std::nullopt, .network = choose_network(named)};
  }
  if (choice.options || choice.classes) {
    throw Error(ErrorKind::usage, "a model file fixes the network's options and classes", *argument,
                "leave --network-options and --classes out");
  }
  Model model = read_model(*argument);
  NetworkDescription network = model.network;
  return {.model = std::move(model), .network = std::move(network)};
}

}  // namespace allconv::cli
