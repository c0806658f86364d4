#include "tools/cli/training_checkpoints.hpp"

#include <fmt/format.h>

#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"
#include "tools/cli/console.hpp"

namespace allconv::cli {

namespace {

// What decides a training's last digits beside the tuning file.
std::string kernel_family(const PlanOptions& options) {
  if (options.gpu) {
    return fmt::format("cuda sm_{}, {}{}", options.gpu->capability,
                       kernels::to_string(options.gpu->precision),
                       options.deterministic ? ", deterministic" : "");
  }
  const kernels::RowLimits& limits = options.limits;
  return std::string(kernels::to_string(limits.isa)) + (limits.exact ? ", exact" : "") +
         (limits.precision == kernels::Precision::fp32 ? "" : ", bf16");
}

// A name for the initial weights.
std::string init_name(const StartArguments& start) {
  if (begins_with_model(start)) return fmt::format("model {}", hash_text(hash_file(start.init)));
  if (start.initial_bias == 0) return start.init;
  return fmt::format("{}, bias {}", start.init, start.initial_bias);
}

// Fewer epochs than the checkpoint has cannot be had from it.
void check_epochs(const TrainingPosition& position, int epochs, const std::string& folder) {
  const int begun = position.step == 0 ? position.epoch : position.epoch + 1;
  if (begun <= epochs) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} is below the {} epochs that the checkpoint in {} has begun", epochs,
                          begun, folder),
              "--epochs", "give as many or more");
}

void warn_of_change(const TrainingRun& before, const TrainingRun& now) {
  std::string what = "with another tuning file";
  if (before.device != now.device) what = fmt::format("on {}, not {}", now.device, before.device);
  print_note(
      fmt::format("warning: training goes on {}: planned anew, and its last bits will not "
                  "be those of a run without a break",
                  what));
}

}  // namespace

TrainingCheckpoints::TrainingCheckpoints(const TrainArguments& arguments) {
  if (arguments.checkpoint.empty()) return;
  folder_.emplace(arguments.checkpoint);
  if (!arguments.resume && !folder_->empty()) {
    throw Error(ErrorKind::usage, "there are checkpoints in it already", folder_->path(),
                "give --resume to go on from them, or choose another folder");
  }
  if (!arguments.resume) return;
  newest_ = folder_->newest(console_diagnostics());
  if (newest_)
    attempt_ = newest_->attempt;
  else
    print_note(fmt::format("{}: no whole checkpoint: training begins anew", folder_->path()));
}

void TrainingCheckpoints::choose_tuning(ComputeDevice& device) const {
  if (!newest_ || newest_->run.tuning.empty() || device.has_given_tuning()) return;
  const std::string name = folder_->path() + ": tuning file";
  device.use_tuning(TuningFile::parse(newest_->run.tuning, name), name);
}

void TrainingCheckpoints::restore(Trainer& trainer, const TrainingStart& start,
                                  const TrainArguments& arguments, const ComputeDevice& device) {
  if (!enabled()) return;
  model_ = start.model;
  model_.parameters.clear();
  const TrainOptions& options = arguments.options;
  run_ = {.identity = training_identity(start.images, options, init_name(arguments.start)),
          .device = kernel_family(options.plan),
          .tuning = device.tuning_text(trainer.plan())};
  if (!newest_) return;
  check_same_training(*newest_, start.model, run_.identity, folder_->path());
  const TrainingPosition& position = newest_->position;
  check_epochs(position, options.epochs, folder_->path());
  trainer.restore({.position = position,
                   .weights = std::move(newest_->model.parameters),
                   .velocities = std::move(newest_->velocities),
                   .gradient_norms = std::move(newest_->gradient_norms)});
  print_note(fmt::format("resumed from {}: epoch {}, {} of {} steps done", folder_->path(),
                         position.epoch + 1, position.step, trainer.steps()));
  changed_before_ = newest_->device_changed;
  changed_now_ = newest_->run.device != run_.device || newest_->run.tuning != run_.tuning;
  if (changed_now_) warn_of_change(newest_->run, run_);
  newest_.reset();
}

void TrainingCheckpoints::save(const Trainer& trainer) {
  if (!enabled()) return;
  TrainerState state = trainer.state();
  Checkpoint checkpoint{.model = model_,
                        .velocities = std::move(state.velocities),
                        .position = state.position,
                        .run = run_,
                        .device_changed = device_changed(),
                        .gradient_norms = std::move(state.gradient_norms),
                        .attempt = attempt_};
  checkpoint.model.parameters = std::move(state.weights);
  folder_->save(checkpoint);
}

void TrainingCheckpoints::begin_next_attempt() {
  ++attempt_;
  if (enabled()) folder_->clear();
}

}  // namespace allconv::cli
