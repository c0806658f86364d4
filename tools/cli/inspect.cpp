// allconv inspect
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "engine/explain/filter_pictures.hpp"
#include "engine/support/output_folder.hpp"
#include "engine/support/text.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/network_table.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kInspectExamples =
    "Examples:\n"
    "  allconv inspect model.safetensors\n"
    "  The same, and the layers' weights as PNG files:\n"
    "    allconv inspect model.safetensors --pictures weights/";

// What the file holds beside the model: kept, but not interpreted.
std::string others_text(const Model& model) {
  std::string text;
  for (const OtherTensor& tensor : model.other_tensors) {
    text += fmt::format("other tensor: {} {} [{}]\n", to_utf8(tensor.name), tensor.dtype,
                        fmt::join(tensor.shape, ", "));
  }
  for (const auto& [key, value] : model.other_metadata)
    text += fmt::format("other metadata: {}, {} bytes\n", to_utf8(key), value.size());
  return text;
}

void write_pictures(const Model& model, const std::string& folder) {
  prepare_output_folder(folder);
  write_filter_pictures(model.parameters, folder,
                        [&folder](const std::string& name, const std::string& words) {
                          print_note(fmt::format("wrote {}/{}: {}", folder, name, words));
                        });
}

// `pictures`: a folder; empty: none.
int run_inspect(const std::string& path, const std::string& pictures) {
  const Model model = read_model(path);
  std::error_code code;
  const auto bytes = std::filesystem::file_size(path, code);
  std::string classes;
  for (const std::string& name : model.classes)
    classes.append(classes.empty() ? "" : ", ").append(to_utf8(name));
  std::string text = fmt::format("file         {}", to_utf8(path));
  if (!code) text += fmt::format(", {} bytes", bytes);
  text += fmt::format("\nnetwork      {}\nclasses      {}: {}\npreparation  {}\n\n",
                      to_utf8(model.network.name), model.classes.size(), classes,
                      preparation_to_json(model.prepare));
  text += network_table(model.network);
  // First: a command that fails has no results.
  if (!pictures.empty()) write_pictures(model, pictures);
  print_result(text + others_text(model));
  return kDone;
}

}  // namespace

void add_inspect_command(CLI::App& app, Chosen& chosen) {
  auto path = std::make_shared<std::string>();
  auto pictures = std::make_shared<std::string>();
  CLI::App& command =
      *app.add_subcommand("inspect", "Show a model's layers, classes and preparation");
  command.add_option("MODEL", *path, "a model file")->required()->type_name("");
  command
      .add_option("--pictures", *pictures,
                  "a folder for PNG files of the layers' weights, one a convolution")
      ->type_name("DIR");
  command.footer(kInspectExamples);
  command.callback([path, pictures, &chosen] {
    chosen = [path, pictures] { return run_inspect(*path, *pictures); };
  });
}

}  // namespace allconv::cli
