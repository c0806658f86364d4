// allconv train
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/support/error.hpp"
#include "engine/train/trainer.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/device.hpp"
#include "tools/cli/recipe_options.hpp"
#include "tools/cli/train_options.hpp"
#include "tools/cli/training_checkpoints.hpp"
#include "tools/cli/training_loop.hpp"
#include "tools/cli/training_start.hpp"
#include "tools/cli/validation.hpp"

namespace allconv::cli {

namespace {

constexpr const char* kTrainExamples =
    "Examples:\n"
    "  Pictures in one folder a class, the network and the settings of the paper:\n"
    "    allconv train pictures/ -o model.safetensors\n"
    "  Twenty epochs on CIFAR-10, mirrored and shifted at random, a line of figures an epoch:\n"
    "    allconv train cifar-10-batches-bin/ -o model.safetensors --epochs 20 \\\n"
    "      --schedule step:15 --augment flip,shift:5 --validate cifar-10-batches-bin/ \\\n"
    "      --metrics metrics.jsonl\n"
    "  A long training that may be stopped at any time; the same command goes on with it, or\n"
    "  begins it:\n"
    "    allconv train pictures/ -o model.safetensors --checkpoint checkpoints/ --resume\n"
    "  A model's weights as the start for other classes:\n"
    "    allconv train birds/ -o birds.safetensors --init model.safetensors --learning-rate 0.005";

constexpr int kMaxRetries = 3;

// Trains; a dead start begins again with the next seed, all else unchanged.
Model train(TrainingStart& start, const TrainArguments& arguments, Validation* validation,
            TrainingCheckpoints& checkpoints, ComputeDevice& device) {
  for (;;) {
    TrainOptions options = arguments.options;
    if (const int attempt = checkpoints.attempt(); attempt > 0) {
      options.seed += static_cast<std::uint64_t>(attempt);
      start.model.parameters = first_weights(start, arguments.start, options.seed, device);
    }
    Trainer trainer(start.model, start.images, options, device.pool());
    checkpoints.restore(trainer, start, arguments, device);
    try {
      run_epochs(trainer, arguments, validation, checkpoints);
      for (const std::string& note : trainer.notes()) print_note(note);
      return trainer.model();
    } catch (const DeadStart& dead) {
      if (arguments.on_dead_start == "stop" || checkpoints.attempt() == kMaxRetries) throw;
      print_note(dead.what());
      checkpoints.begin_next_attempt();
      print_note(fmt::format("beginning again with seed {}", options.seed + 1));
    }
  }
}

// `arguments` are complete.
int train_on(ComputeDevice& device, const TrainArguments& arguments,
             TrainingCheckpoints& checkpoints) {
  TrainingStart start = start_training(arguments.start, checkpoints.resumed(), device);
  std::unique_ptr<Validation> validation;
  if (!arguments.validate.empty()) {
    const ScorerOptions options = {.batch_size = arguments.options.batch_size,
                                   .pixel_limit = arguments.start.decode.pixel_limit(),
                                   .plan = device.plan_options()};
    validation =
        std::make_unique<Validation>(arguments.validate, start.model, options, device.pool());
  }
  const Model model = train(start, arguments, validation.get(), checkpoints, device);
  write_model(model, arguments.output);
  print_note(fmt::format("wrote {}", arguments.output));
  const std::size_t failed = start.images.failed + (validation ? validation->failed() : 0);
  if (failed == 0) return kDone;
  print_note(fmt::format("{} image{} could not be decoded and {} left out", failed,
                         failed == 1 ? "" : "s", failed == 1 ? "was" : "were"));
  return kSomeInputsFailed;
}

int run_train(TrainArguments arguments) {
  complete(arguments);
  TrainingCheckpoints checkpoints(arguments);
  ComputeDevice device(arguments.common);
  checkpoints.choose_tuning(device);
  arguments.options.plan = device.plan_options();
  return device.traced([&] { return train_on(device, arguments, checkpoints); });
}

}  // namespace

void add_train_command(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<TrainArguments>();
  CLI::App& command = *app.add_subcommand("train", "Train a network on labelled images");
  add_train_options(command, *arguments);
  command.footer(kTrainExamples);
  command.callback([arguments, &command, &chosen] {
    apply_recipe(command, *arguments);
    chosen = [arguments] { return run_train(*arguments); };
  });
}

}  // namespace allconv::cli
