#include "tools/cli/train_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "engine/data/augment.hpp"
#include "engine/formats/history.hpp"
#include "engine/support/error.hpp"
#include "engine/train/schedule.hpp"

namespace allconv::cli {

namespace {

// "0.2,0.5,0.5"; whether there are as many as the network has dropouts is checked with the network.
std::vector<double> parse_rates(std::string_view text) {
  std::vector<double> rates;
  const char* next = text.data();
  const char* const end = text.data() + text.size();
  while (next != end) {
    double rate = -1;
    const auto [after, code] = std::from_chars(next, end, rate);
    const bool separated = after == end || (*after == ',' && after + 1 != end);
    if (code != std::errc{} || !separated || !(rate >= 0 && rate < 1)) {
      throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a list of rates", text), "--dropout",
                  "give numbers from 0 to below 1, as in 0.2,0.5,0.5");
    }
    rates.push_back(rate);
    next = after == end ? end : after + 1;
  }
  return rates;
}

// One file has one such path, whether it is there or not.
std::filesystem::path without_links(const std::string& path) {
  std::error_code code;
  std::filesystem::path found = std::filesystem::weakly_canonical(path, code);
  if (code) {
    throw Error(ErrorKind::io, "cannot examine: " + code.message(), path,
                "give a path that can be looked at");
  }
  return found;
}

// Hours of training must not end with a file that cannot be written.
void check_outputs(const TrainArguments& arguments) {
  check_output(arguments.output);
  if (arguments.metrics.empty()) return;
  check_output(arguments.metrics);
  if (without_links(arguments.metrics) == without_links(arguments.output)) {
    throw Error(ErrorKind::usage, "names the model's own file", "--metrics", "choose another file");
  }
  if (!arguments.checkpoint.empty() &&
      without_links(arguments.metrics) == without_links(history_path(arguments.checkpoint))) {
    throw Error(ErrorKind::usage, "names the history in the folder of --checkpoint", "--metrics",
                "choose another file");
  }
}

// Defaults of TrainOptions; the help repeats them beside the values.
void add_sgd_options(CLI::App& command, TrainArguments& arguments) {
  constexpr std::int64_t kMaxEpochs = 1'000'000;
  constexpr std::int64_t kMaxBatch = 65536;
  constexpr double kMaxRate = 1e6;
  TrainOptions& options = arguments.options;
  limit_integer(command.add_option("--epochs", options.epochs, "times every image is seen"), 1,
                kMaxEpochs)
      ->type_name("N [350]");
  limit_integer(command.add_option("--batch-size", options.batch_size, "images a step"), 1,
                kMaxBatch)
      ->type_name("N [128]");
  limit_number(command.add_option("--learning-rate", options.learning_rate, "of the first epoch"),
               0, kMaxRate)
      ->type_name("RATE [0.05]");
  limit_number(command.add_option("--momentum", options.momentum, "share of the last step kept"), 0,
               1)
      ->type_name("M [0.9]");
  limit_number(command.add_option("--weight-decay", options.weight_decay,
                                  "times the weight, added to its gradient"),
               0, kMaxRate)
      ->type_name("D [0.001]");
  command
      .add_option("--schedule", arguments.schedule,
                  "epochs that begin with a tenth of the rate, or down to nothing along a cosine; "
                  "default: step:200,250,300")
      ->type_name("step:N,...|cosine");
  limit_integer(command.add_option("--warm-up", arguments.warm_up,
                                   "epochs in which the rate rises from step to step"),
                0, kMaxEpochs)
      ->type_name("EPOCHS [0]");
  command.add_option("--dropout", arguments.dropout, "replaces the network's rates, in order")
      ->type_name("RATE,...");
  limit_integer(command.add_option("--seed", arguments.start.seed,
                                   "of weights, order, dropout and augmentation"),
                0, INT64_MAX)
      ->type_name("N [0]");
}

void add_data_options(CLI::App& command, TrainArguments& arguments) {
  constexpr double kMaxBias = 1e6;
  limit_words(command.add_option("--prepare", arguments.start.prepare,
                                 "each colour to mean 0 and deviation 1; nothing of the kind; the "
                                 "paper's contrast normalisation and ZCA whitening; minus the mean "
                                 "image. Default: standardize"),
              "standardize, none, gcn-zca, pixel-mean")
      ->type_name("standardize|none|gcn-zca|pixel-mean");
  limit_words(command.add_option("--fit", arguments.start.fit,
                                 "how images come to the network's size: stretched, or scaled to "
                                 "cover it and cut; default: stretch"),
              "stretch, cover")
      ->type_name("stretch|cover");
  add_max_pixels_option(command, arguments.start.decode);
  command
      .add_option("--augment", arguments.augment,
                  "at random: mirror; move by up to N pixels; take a window out of images N pixels "
                  "larger; or all that the paper's large network needs; default: none")
      ->type_name("none|flip,shift:N,crop:N|heavy");
  command
      .add_option("--init", arguments.start.init,
                  "initial weights: after He, Xavier or LSUV, or those of a model; default: he")
      ->type_name("he|xavier|lsuv|MODEL");
  limit_number(command.add_option("--initial-bias", arguments.start.initial_bias,
                                  "all biases, where weights are drawn"),
               -kMaxBias, kMaxBias)
      ->type_name("B [0]");
  command.add_option("--validate", arguments.validate, "evaluate on these after each epoch")
      ->type_name("DATA");
  command.add_option("--metrics", arguments.metrics, "write one JSON object an epoch to this file")
      ->type_name("FILE.jsonl");
}

void add_checkpoint_options(CLI::App& command, TrainArguments& arguments) {
  command
      .add_option("--checkpoint", arguments.checkpoint,
                  "keep the newest two states of the training in this folder")
      ->type_name("DIR");
  command.add_flag("--resume", arguments.resume,
                   "go on from the newest of them; --epochs may be another number");
}

}  // namespace

void add_train_options(CLI::App& command, TrainArguments& arguments) {
  command
      .add_option("DATA", arguments.start.data,
                  "class folders, a tar of them, CIFAR or IDX files, a labelled list")
      ->required()
      ->type_name("");
  command.add_option("-o,--output", arguments.output, "the model's file, written at the end")
      ->required()
      ->type_name("MODEL");
  command
      .add_option(
          "--recipe", arguments.recipe,
          "settings by one name, see `allconv recipes`; options beside it go before its own")
      ->type_name("NAME|FILE.json");
  add_sgd_options(command, arguments);
  add_data_options(command, arguments);
  add_checkpoint_options(command, arguments);
  limit_words(command.add_option("--on-dead-start", arguments.on_dead_start,
                                 "when the loss stays where guessing has it: begin again with the "
                                 "next seed, at most three times; end; or go on"),
              "retry, stop, ignore")
      ->type_name("retry|stop|ignore");
  add_network_options(command, arguments.start.network);
  add_common_options(command, arguments.common, Tracing::offered);
}

void complete(TrainArguments& arguments) {
  TrainOptions& options = arguments.options;
  options.schedule = parse_schedule(arguments.schedule);
  options.schedule.warm_up = arguments.warm_up;
  check_schedule(options.schedule, options.epochs);
  options.augmentation = parse_augmentation(arguments.augment);
  arguments.start.margin = options.augmentation.crop;
  options.seed = arguments.start.seed;
  arguments.start.dropout = parse_rates(arguments.dropout);
  if (arguments.resume && arguments.checkpoint.empty()) {
    throw Error(ErrorKind::usage, "there is no folder to resume from", "--resume",
                "name it with --checkpoint DIR");
  }
  check_outputs(arguments);
}

}  // namespace allconv::cli
