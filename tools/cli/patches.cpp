// allconv patches
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/explain/patch_files.hpp"
#include "engine/explain/strongest_patches.hpp"
#include "engine/graph/unit.hpp"
#include "engine/support/error.hpp"
#include "engine/support/output_folder.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/inputs.hpp"
#include "tools/cli/interrupt.hpp"
#include "tools/cli/scoring.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kPatchesExamples =
    "Examples:\n"
    "  What excites each filter of conv6 most, as in figure 3 of the paper:\n"
    "    allconv patches model.safetensors pictures/ -o patches/ --layer conv6\n"
    "  The four strongest of the training images of CIFAR-10:\n"
    "    allconv patches model.safetensors cifar-10-batches-bin -o patches/ --layer conv3 \\\n"
    "      --split train --top-k 4";

// First and last, inclusive.
struct FilterRange {
  std::size_t first = 0, last = 0;
};

// As given on the command line.
struct PatchesArguments {
  CommonOptions common;
  std::string model;
  std::vector<std::string> data;
  std::string output;
  std::string layer;
  std::string split = "all";
  int top_k = 10;
  std::string filters;  // empty: all
  ScoringChoice scoring;
};

// "K" or "FIRST-LAST", within the layer's.
FilterRange parse_filters(const std::string& text, std::size_t filters) {
  if (text.empty()) return {.first = 0, .last = filters - 1};
  const std::size_t dash = std::min(text.find('-'), text.size());
  const auto first = parse_index(std::string_view(text).substr(0, dash));
  const auto last =
      dash == text.size() ? first : parse_index(std::string_view(text).substr(dash + 1));
  if (first && last && *first <= *last && static_cast<std::size_t>(*last) < filters)
    return {.first = static_cast<std::size_t>(*first), .last = static_cast<std::size_t>(*last)};
  throw Error(ErrorKind::usage, fmt::format("\"{}\" names no filters of the layer", text),
              "--filters", fmt::format("give FIRST-LAST from 0 to {}", filters - 1));
}

StrongestPatches search(const Model& model, const DataSet& data, const PatchSearchOptions& options,
                        ThreadPool& pool) {
  ProgressBar bar("patches");
  const auto failed = [&data](std::size_t index, const ScoreFailure& failure) {
    print_failed_image(data.path(index), failure);
  };
  return find_strongest_patches(
      model, data, options,
      {.progress = [&](std::size_t done) { bar.update(done, data.size()); },
       .failed = failed,
       .cancelled = interrupted},
      pool);
}

int find_patches(ComputeDevice& device, const PatchesArguments& arguments) {
  const Model model = read_model(arguments.model);
  const std::size_t layer = find_convolution(model.network, arguments.layer);
  const DataSet data =
      open_inputs(arguments.data, parse_split(arguments.split), console_diagnostics());
  const auto filters = static_cast<std::size_t>(unit_shape(model.network, layer).channels);
  const FilterRange shown = parse_filters(arguments.filters, filters);
  prepare_output_folder(arguments.output);
  BatchStreamOptions batches = scorer_options(arguments.scoring, device);
  batches.images = data.size();
  const StrongestPatches patches = search(
      model, data,
      {.layer = layer, .top_k = static_cast<std::size_t>(arguments.top_k), .batches = batches},
      device.pool());
  const double seconds = patches.times.decoding + patches.times.network + patches.times.callback;
  print_note(fmt::format("searched {} images, {} failed, in {:.2f} s: {:.1f} images/s",
                         patches.images, patches.failed, seconds,
                         static_cast<double>(patches.images) / std::max(seconds, 1e-9)));
  for (const std::string& note : patches.notes) print_note(note);
  ProgressBar bar("pictures");
  write_patch_files(model, data, patches,
                    {.folder = arguments.output,
                     .model = arguments.model,
                     .device = device.name(),
                     .layer = layer,
                     .first_filter = shown.first,
                     .last_filter = shown.last,
                     .batches = batches,
                     .progress =
                         [&](std::size_t done) {
                           const std::size_t end = std::min(shown.last + 1, patches.filters.size());
                           bar.update(done - shown.first, end - shown.first);
                         },
                     .cancelled = interrupted},
                    device.pool());
  print_note(fmt::format("wrote {}/index.html", arguments.output));
  return patches.failed == 0 ? kDone : kSomeInputsFailed;
}

int run_patches(const PatchesArguments& arguments) {
  ComputeDevice device(arguments.common);
  return device.traced([&] { return find_patches(device, arguments); });
}

}  // namespace

void add_patches_command(CLI::App& app, Chosen& chosen) {
  constexpr std::int64_t kMostPatches = 1000;
  auto arguments = std::make_shared<PatchesArguments>();
  CLI::App& command = *app.add_subcommand(
      "patches", "Show the image patches that excite each filter of a layer most");
  command.add_option("MODEL", arguments->model, "a model file")->required()->type_name("");
  command
      .add_option("DATA", arguments->data,
                  "images, folders, tars, lists of paths, CIFAR or IDX files")
      ->required()
      ->type_name("");
  command
      .add_option("-o,--output", arguments->output, "a folder for the page, pictures and numbers")
      ->required()
      ->type_name("DIR");
  command.add_option("--layer", arguments->layer, "a convolution, as `allconv inspect` lists them")
      ->required()
      ->type_name("NAME");
  limit_integer(command.add_option("--top-k", arguments->top_k, "patches a filter"), 1,
                kMostPatches)
      ->type_name("K [10]");
  limit_filled(
      command.add_option("--filters", arguments->filters, "those that are shown; default: all"))
      ->type_name("FIRST-LAST");
  limit_words(command.add_option("--split", arguments->split, "part of the data; default: all"),
              "train, test, all")
      ->type_name("train|test|all");
  add_scoring_options(command, arguments->scoring);
  add_common_options(command, arguments->common, Tracing::offered);
  command.footer(kPatchesExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_patches(*arguments); }; });
}

}  // namespace allconv::cli
