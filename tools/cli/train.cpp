// allconv train
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <memory>
#include <set>

#include "engine/data/augment.hpp"
#include "engine/formats/metrics.hpp"
#include "engine/score/evaluation.hpp"
#include "engine/support/error.hpp"
#include "engine/train/schedule.hpp"
#include "engine/train/trainer.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/interrupt.hpp"
#include "tools/cli/training_start.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  Pictures in one folder a class, the network and the settings of the paper:\n"
    "    allconv train pictures/ -o model.safetensors\n"
    "  Twenty epochs on CIFAR-10, mirrored and shifted at random, a line of figures an epoch:\n"
    "    allconv train cifar-10-batches-bin/ -o model.safetensors --epochs 20 \\\n"
    "      --schedule step:15 --augment flip,shift:5 --validate cifar-10-batches-bin/ \\\n"
    "      --metrics metrics.jsonl\n"
    "  A model's weights as the start for other classes:\n"
    "    allconv train birds/ -o birds.safetensors --init model.safetensors --learning-rate 0.005";

// As given on the command line; numbers stand in `options` at once.
struct TrainArguments {
  CommonOptions common;
  StartArguments start;
  std::string output;
  TrainOptions options;  // of its parts schedule and augmentation stand as text below
  std::string schedule = "step:200,250,300";
  std::string augment = "none";
  std::string dropout;
  std::string validate;  // empty: no validation
  std::string metrics;   // empty: no file
};

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

// A validation set with the scorer that evaluates the weights after each epoch.
class Validation {
 public:
  Validation(const std::string& path, const Model& model, const TrainOptions& options,
             ThreadPool& pool)
      : data_(open_data(path, Split::test, OpenMode::evaluate, console_diagnostics())),
        class_of_label_(match_classes(data_.classes(), model.classes, path)),
        classes_(model.classes.size()),
        scorer_(model, {.batch_size = options.batch_size, .plan = options.plan}, pool) {}

  // Share of images that the model is wrong about. A broken image is named the first time only.
  double error(const Parameters& parameters) {
    scorer_.load(parameters);
    ProgressBar bar("validation");
    const auto report = [this](std::size_t index, const ScoreFailure& failure) {
      if (!failed_.insert(index).second) return;
      print_note(fmt::format("warning: {}: left out: {}", data_.path(index), failure.message));
    };
    const auto progress = [&bar](std::size_t done, std::size_t total) { bar.update(done, total); };
    const Evaluation result =
        evaluate(scorer_, data_, class_of_label_, classes_,
                 {.failed = report, .progress = progress, .cancelled = interrupted});
    if (result.images == 0) {
      throw Error(ErrorKind::usage, "none of the validation images can be decoded", "--validate",
                  "give whole JPEG or PNG files");
    }
    return 1 - result.top1;
  }

  std::size_t failed() const { return failed_.size(); }

 private:
  DataSet data_;
  std::vector<int> class_of_label_;
  std::size_t classes_;
  Scorer scorer_;
  std::set<std::size_t> failed_;
};

// Hours of training must not end with a file that cannot be written.
void check_outputs(const TrainArguments& arguments) {
  check_output(arguments.output);
  if (arguments.metrics.empty()) return;
  check_output(arguments.metrics);
  namespace fs = std::filesystem;
  if (fs::weakly_canonical(arguments.metrics) == fs::weakly_canonical(arguments.output)) {
    throw Error(ErrorKind::usage, "names the model's own file", "--metrics", "choose another file");
  }
}

// Epochs count from 0 here, and from 1 in everything that is read.
EpochResult run_epoch(Trainer& trainer, int epoch, int epochs, std::size_t images) {
  ProgressBar bar(fmt::format("epoch {}/{}", epoch + 1, epochs));
  const std::size_t later = static_cast<std::size_t>(epochs - epoch - 1) * images;
  const auto progress = [&](const TrainProgress& now) {
    bar.update(now.images, now.total, fmt::format("loss {:.4f}", now.loss), later);
  };
  return trainer.run_epoch(epoch, {.progress = progress, .cancelled = interrupted});
}

// The line that stays when the bar has gone. The rest of the time is judged by this epoch.
void print_epoch(const EpochMetrics& metrics, int epochs) {
  std::string line = fmt::format("epoch {}/{}: loss {:.4f}, error {:.2f} %", metrics.epoch, epochs,
                                 *metrics.train_loss, *metrics.train_error * 100);
  if (metrics.validation_error)
    line += fmt::format(", validation error {:.2f} %", *metrics.validation_error * 100);
  line += fmt::format(", rate {:g}, {:.0f} images/s, {} left", *metrics.learning_rate,
                      *metrics.images_per_second,
                      duration_text(*metrics.seconds * (epochs - metrics.epoch)));
  print_note(line);
}

// `validation` may be null.
void run_epochs(Trainer& trainer, const TrainArguments& arguments, Validation* validation,
                std::size_t images) {
  std::optional<MetricsFile> file;
  if (!arguments.metrics.empty()) file.emplace(arguments.metrics);
  const int epochs = arguments.options.epochs;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const EpochResult result = run_epoch(trainer, epoch, epochs, images);
    EpochMetrics metrics{.epoch = epoch + 1,
                         .train_loss = result.loss,
                         .train_error = result.error,
                         .validation_error = {},
                         .learning_rate = result.learning_rate,
                         .seconds = result.seconds,
                         .images_per_second = result.images_per_second};
    if (validation != nullptr)
      metrics.validation_error = validation->error(trainer.model().parameters);
    if (file) file->append(metrics);
    print_epoch(metrics, epochs);
  }
}

int run_train(TrainArguments arguments) {
  TrainOptions& options = arguments.options;
  options.schedule = parse_schedule(arguments.schedule);
  options.augmentation = parse_augmentation(arguments.augment);
  options.seed = arguments.start.seed;
  arguments.start.dropout = parse_rates(arguments.dropout);
  check_outputs(arguments);
  CpuDevice device(arguments.common);
  options.plan = device.plan_options();

  const TrainingStart start = start_training(arguments.start, device.pool());
  std::unique_ptr<Validation> validation;
  if (!arguments.validate.empty()) {
    validation =
        std::make_unique<Validation>(arguments.validate, start.model, options, device.pool());
  }
  Trainer trainer(start.model, start.images, options, device.pool());
  run_epochs(trainer, arguments, validation.get(), start.images.size());
  // The last step of all may have been the one that was interrupted.
  if (interrupted()) {
    throw Error(ErrorKind::interrupted, "training was interrupted", {}, "no model was written");
  }
  write_model(trainer.model(), arguments.output);
  print_note(fmt::format("wrote {}", arguments.output));
  const std::size_t failed = start.images.failed + (validation ? validation->failed() : 0);
  if (failed == 0) return kDone;
  print_note(fmt::format("{} image{} could not be decoded and {} left out", failed,
                         failed == 1 ? "" : "s", failed == 1 ? "was" : "were"));
  return kSomeInputsFailed;
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
                  "epochs that begin with a tenth of the rate; default: step:200,250,300")
      ->type_name("step:N,...");
  command.add_option("--dropout", arguments.dropout, "replaces the network's rates, in order")
      ->type_name("RATE,...");
  limit_integer(command.add_option("--seed", arguments.start.seed,
                                   "of weights, order, dropout and augmentation"),
                0, INT64_MAX)
      ->type_name("N [0]");
}

// gcn-zca is known, so that it can be refused as what later versions bring.
void add_data_options(CLI::App& command, TrainArguments& arguments) {
  limit_words(command.add_option("--prepare", arguments.start.prepare,
                                 "each colour to mean 0 and deviation 1, or nothing of the kind"),
              "standardize, none, gcn-zca")
      ->type_name("standardize|none");
  command
      .add_option("--augment", arguments.augment,
                  "mirror, and move by up to N pixels, at random; default: none")
      ->type_name("none|flip,shift:N");
  command
      .add_option("--init", arguments.start.init,
                  "initial weights after He et al., or those of a model; default: he")
      ->type_name("he|MODEL");
  command.add_option("--validate", arguments.validate, "evaluate on these after each epoch")
      ->type_name("DATA");
  command.add_option("--metrics", arguments.metrics, "write one JSON object an epoch to this file")
      ->type_name("FILE.jsonl");
}

}  // namespace

void add_train_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App& command = *app.add_subcommand("train", "Train a network on labelled images");
  command.add_option("DATA", arguments->start.data, "class folders, CIFAR or IDX files")
      ->required()
      ->type_name("");
  command.add_option("-o,--output", arguments->output, "the model's file, written at the end")
      ->required()
      ->type_name("MODEL");
  add_sgd_options(command, *arguments);
  add_data_options(command, *arguments);
  add_network_options(command, arguments->start.network);
  add_common_options(command, arguments->common);
  for (const char* option : {"--recipe", "--checkpoint", "--resume", "--on-dead-start"})
    refuse_option(command, option);
  command.footer(kExamples);
  command.callback(
      [arguments, &chosen] { chosen = [arguments] { return run_train(*arguments); }; });
}

}  // namespace allconv::cli
