// Trainer: epochs of stochastic gradient descent over a training set in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/data/augment.hpp"
#include "engine/data/training_set.hpp"
#include "engine/execute/training_executor.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/plan/plan.hpp"
#include "engine/prepare/input_transform.hpp"
#include "engine/train/activity.hpp"
#include "engine/train/dead_start.hpp"
#include "engine/train/schedule.hpp"

namespace allconv {

struct TrainOptions {
  // Parameters that affect behaviour.
  int epochs = 350;
  int batch_size = 128;
  double learning_rate = 0.05;
  double momentum = 0.9;
  double weight_decay = 0.001;
  Schedule schedule;
  Augmentation augmentation;
  std::uint64_t seed = 0;
  // Parameters that affect memory and speed.
  PlanOptions plan;
};

// After a step, of the epoch so far.
struct TrainProgress {
  std::size_t images = 0;  // seen in this epoch
  std::size_t total = 0;
  double loss = 0;  // mean cross-entropy, nats
};

// Where training stands: between two steps of an epoch, or behind its last one.
struct TrainingPosition {
  int epoch = 0;            // from 0
  std::size_t step = 0;     // steps done in this epoch
  std::size_t images = 0;   // seen in it
  double loss_sum = 0;      // over these, nats
  double start_sum = 0;     // of the losses by which the start is judged, a mean a step
  std::size_t wrong = 0;    // of these
  double seconds = 0;       // spent on its steps
  std::uint64_t order = 0;  // hash of the order in which the epoch takes the images
  friend bool operator==(const TrainingPosition&, const TrainingPosition&) = default;
};

// All that changes from step to step: dropout, order and augmentation are functions of the seed and
// the position. What goes on from it gets the same bits as what never stopped.
struct TrainerState {
  TrainingPosition position;
  Parameters weights, velocities;
  std::vector<double> gradient_norms = {};  // as Trainer::gradient_norms() has them
};

struct EpochResult {
  double loss = 0;           // mean cross-entropy over the epoch, dropout on, nats
  double error = 0;          // share of images whose largest logit was not the label's
  double learning_rate = 0;  // of its last step
  double seconds = 0;
  double images_per_second = 0;
};

struct TrainCallbacks {
  // Once, where the start is dead; what it throws passes through run_epoch(). May be empty.
  std::function<void(const DeadStart&)> dead_start = {};
  std::function<void(const TrainProgress&)> progress;  // after each step; may be empty
  std::function<bool()> cancelled;                     // asked before each step; may be empty
};

// Used by one thread at a time. `set` and `pool` must outlive it.
class Trainer {
 public:
  // Trains `model` in place of a copy; its parameters are the initial ones. The set's images are
  // as much larger than the input as the augmentation crops.
  Trainer(Model model, const TrainingSet& set, const TrainOptions& options, ThreadPool& pool);

  // Runs epoch `epoch` (from 0), the last, smaller batch included; the one that a cancelled call or
  // a restored state left unfinished goes on where it was. Throws Error{training} when the loss is
  // no longer a number, Error{interrupted} when cancelled.
  EpochResult run_epoch(int epoch, const TrainCallbacks& callbacks);

  // Between two steps: before, after, or when cancelled within run_epoch().
  TrainerState state() const;

  // Goes on from the state of a trainer of the same network, set and options, whatever its kernels
  // and threads. Throws Error{usage} when the position cannot be one of this set.
  void restore(const TrainerState& state);

  const TrainingPosition& position() const { return position_; }
  // Of the epoch so far, as run_epoch() returns it for the whole.
  EpochResult epoch_so_far() const;
  std::size_t steps() const;  // of an epoch
  std::uint64_t seed() const { return options_.seed; }

  // As of the last whole epoch.
  const Model& model() const { return model_; }
  // Of each layer the L2 norm of its weights in the mean loss's gradient, as of the epoch's last
  // step; empty until then.
  const std::vector<double>& gradient_norms() const { return gradient_norms_; }
  // Of the model's ReLU layers; runs 128 images through it.
  std::vector<LayerActivity> activity() const;
  const Plan& plan() const { return executor_->plan(); }
  std::vector<std::string> notes() const { return executor_->notes(); }

 private:
  std::size_t steps_done() const;  // since the beginning
  void begin_epoch(int epoch);
  void watch_start(const TrainCallbacks& callbacks);
  double rate_of(std::size_t step) const;  // of this epoch
  void run_step(const SgdSettings& sgd);
  // After a step: takes the weights and the gradient's norms out of the lane form.
  void unpack_step();
  // Points the batch at the next images of the epoch's order.
  void gather();
  std::size_t wrong_in_batch() const;

  Model model_;
  const TrainingSet& set_;
  TrainOptions options_;
  ThreadPool& pool_;
  std::unique_ptr<InputTransform> transform_;  // null: none
  std::unique_ptr<TrainingExecutor> executor_;
  TrainingPosition position_;
  std::vector<std::uint32_t> order_;  // of the epoch's images
  std::vector<double> gradient_norms_;

  Batch batch_;
  std::vector<const std::uint8_t*> pixels_;
  std::vector<kernels::ImageMove> moves_;
  std::vector<kernels::ImageWarp> warps_;
  std::vector<std::int32_t> labels_;
  std::vector<float> losses_;
  std::vector<float> probabilities_;  // (batch,classes)
};

}  // namespace allconv
