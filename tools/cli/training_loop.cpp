#include "tools/cli/training_loop.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <system_error>

#include "engine/formats/history.hpp"
#include "engine/support/error.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/interrupt.hpp"

namespace allconv::cli {

namespace {

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

// A path that holds wherever the history is read.
std::string absolute(const std::string& path) {
  std::error_code code;
  const std::filesystem::path whole = std::filesystem::absolute(path, code);
  return code ? path : whole.string();
}

HistoryHeader history_header(const Model& model, const TrainArguments& arguments) {
  const TrainOptions& options = arguments.options;
  HistoryHeader header = {.data = absolute(arguments.start.data),
                          .validate = {},
                          .epochs = options.epochs,
                          .network = model.network.name,
                          .batch_size = options.batch_size,
                          .learning_rate = options.learning_rate,
                          .momentum = options.momentum,
                          .weight_decay = options.weight_decay,
                          .schedule = arguments.schedule,
                          .warm_up = arguments.warm_up,
                          .augment = arguments.augment,
                          .seed = arguments.start.seed};
  if (!arguments.validate.empty()) header.validate = absolute(arguments.validate);
  return header;
}

// Epochs count from 0 here, and from 1 in everything that is read.
class TrainingLoop {
 public:
  TrainingLoop(Trainer& trainer, const TrainArguments& arguments, Validation* validation,
               TrainingCheckpoints& checkpoints)
      : trainer_(trainer),
        epochs_(arguments.options.epochs),
        ignores_dead_start_(arguments.on_dead_start == "ignore"),
        validation_(validation),
        checkpoints_(checkpoints) {
    const KeptLines kept = {.epochs = steps_done(), .attempts = checkpoints.attempt()};
    if (!arguments.metrics.empty()) metrics_.emplace(arguments.metrics, kept);
    if (checkpoints.enabled()) {
      history_.emplace(checkpoints.history_path(), kept,
                       to_json_line(history_header(trainer.model(), arguments)));
    }
  }

  void run() {
    int epoch = trainer_.position().epoch;
    // Killed behind the line of an epoch whose steps the checkpoint has: nothing is left of it.
    if (is_recorded(epoch)) {
      checkpoints_.epoch_before_is_recorded();
      ++epoch;
    }
    try {
      for (; epoch < epochs_; ++epoch) run_epoch(epoch);
    } catch (const DeadStart&) {
      record_dead_start(epoch);
      throw;
    }
  }

 private:
  // Epochs whose steps are all done.
  int steps_done() const {
    const TrainingPosition& position = trainer_.position();
    return position.step == trainer_.steps() ? position.epoch + 1 : position.epoch;
  }

  // In every file that is kept, of which there is one.
  bool is_recorded(int epoch) const {
    const auto has = [epoch](const auto& file) { return !file || file->last_epoch() == epoch + 1; };
    return (metrics_ || history_) && has(metrics_) && has(history_);
  }

  // After steps of this epoch, or where the trainer was restored at its end. The metrics come last:
  // with their line an epoch is over.
  void record(const EpochMetrics& metrics) {
    if (history_ && history_->last_epoch() != metrics.epoch) {
      history_->append(metrics, layer_records(trainer_.model().parameters,
                                              trainer_.gradient_norms(), trainer_.activity()));
    }
    if (metrics_) metrics_->append(metrics);
  }

  EpochResult run_steps(int epoch) {
    ProgressBar bar(fmt::format("epoch {}/{}", epoch + 1, epochs_));
    const auto progress = [&](const TrainProgress& now) {
      const std::size_t later = static_cast<std::size_t>(epochs_ - epoch - 1) * now.total;
      bar.update(now.images, now.total, fmt::format("loss {:.4f}", now.loss), later);
    };
    const auto dead_start = [this](const DeadStart& found) {
      if (!ignores_dead_start_) throw DeadStart(found);
      print_note(fmt::format("warning: {}", found.what()));
    };
    return trainer_.run_epoch(
        epoch, {.dead_start = dead_start, .progress = progress, .cancelled = interrupted});
  }

  EpochMetrics metrics_of(int epoch, const EpochResult& result) const {
    return {.epoch = epoch + 1,
            .train_loss = result.loss,
            .train_error = result.error,
            .validation_error = {},
            .learning_rate = result.learning_rate,
            .seconds = result.seconds,
            .images_per_second = result.images_per_second,
            .device_changed = checkpoints_.device_changed()};
  }

  void record_dead_start(int epoch) {
    EpochMetrics metrics = metrics_of(epoch, trainer_.epoch_so_far());
    metrics.dead_start = trainer_.seed();
    record(metrics);
  }

  // The checkpoint comes before the validation, which can be done again, and before the line: there
  // never is a line of steps that a resumed run would have to do again.
  void run_epoch(int epoch) {
    const bool begins = steps_done() <= epoch;
    const EpochResult result = run_steps(epoch);
    if (begins) checkpoints_.save(trainer_);
    EpochMetrics metrics = metrics_of(epoch, result);
    if (validation_ != nullptr)
      metrics.validation_error = validation_->error(trainer_.model().parameters);
    record(metrics);
    checkpoints_.epoch_is_recorded();
    print_epoch(metrics, epochs_);
  }

  Trainer& trainer_;
  int epochs_;
  bool ignores_dead_start_;
  Validation* validation_;
  TrainingCheckpoints& checkpoints_;
  std::optional<MetricsFile> metrics_, history_;
};

}  // namespace

void run_epochs(Trainer& trainer, const TrainArguments& arguments, Validation* validation,
                TrainingCheckpoints& checkpoints) {
  try {
    TrainingLoop(trainer, arguments, validation, checkpoints).run();
    // The last step of all may have been the one that was interrupted.
    if (!interrupted()) return;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::device && checkpoints.enabled()) {
      throw Error(
          ErrorKind::device, error.what(), {},
          "the same command with --resume goes on from the last checkpoint, if there is one");
    }
    if (error.kind() != ErrorKind::interrupted) throw;
  }
  if (!checkpoints.enabled()) {
    throw Error(ErrorKind::interrupted, "training was interrupted", {}, "no model was written");
  }
  checkpoints.save(trainer);
  throw Error(ErrorKind::interrupted,
              fmt::format("training was interrupted in epoch {}, after step {} of {}",
                          trainer.position().epoch + 1, trainer.position().step, trainer.steps()),
              {}, "the same command with --resume goes on from there");
}

}  // namespace allconv::cli
