// allconv networks
#include "engine/graph/networks.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/support/error.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kNetworksExamples =
    "Examples:\n"
    "  All networks with their figures:\n"
    "    allconv networks\n"
    "  One as JSON, to change it and train the result:\n"
    "    allconv networks all-cnn-c --classes 4 > mine.json\n"
    "    allconv train pictures/ -o model.safetensors --network mine.json";

struct NetworksArguments {
  std::optional<std::string> name;
  NetworkChoice choice;
};

// The figures are computed with the default options and classes.
std::string networks_text() {
  std::string text = fmt::format("{:<20} {:>7} {:>11} {:>14} {:>9} {:>7}  {}\n", "network",
                                 "classes", "parameters", "mult-adds", "receptive", "paper's", "");
  text += fmt::format("{:<20} {:>7} {:>11} {:>14} {:>9} {:>7}\n", "", "", "", "an image", "field",
                      "error %");
  for (const NamedNetwork& named : named_networks()) {
    const NetworkSummary summary = summarise(make_network(named.name, {}, named.default_classes));
    text += fmt::format(
        "{:<20} {:>7} {:>11} {:>14} {:>9} {:>7}  {}\n", named.name, named.default_classes,
        summary.parameters, summary.multiply_accumulates, summary.receptive_field,
        named.paper_error ? fmt::format("{:.2f}", *named.paper_error) : "-", named.paper_note);
  }
  return text;
}

// Any choice asks for one network, the default one where none is named.
int run_networks(const NetworksArguments& arguments) {
  NetworkChoice choice = arguments.choice;
  if (!arguments.name && !choice.network && !choice.options && !choice.classes) {
    print_result(networks_text());
    return kDone;
  }
  if (arguments.name && choice.network) {
    throw Error(ErrorKind::usage, "the network is named twice", "--network", "leave it out");
  }
  if (arguments.name) choice.network = arguments.name;
  print_result(network_to_json(choose_network(choice), true) + "\n");
  return kDone;
}

}  // namespace

void add_networks_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<NetworksArguments>();
  CLI::App& command =
      *app.add_subcommand("networks", "List the networks of the paper, or print one as JSON");
  command.add_option("NAME", arguments->name, "a network's name")->type_name("");
  add_network_options(command, arguments->choice);
  command.footer(kNetworksExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_networks(*arguments); }; });
}

}  // namespace allconv::cli
