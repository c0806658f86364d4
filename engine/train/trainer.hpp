// Trainer: epochs of stochastic gradient descent over a training set in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/data/augment.hpp"
#include "engine/data/training_set.hpp"
#include "engine/execute/executor.hpp"
#include "engine/formats/model_file.hpp"
#include "engine/plan/plan.hpp"
#include "engine/train/optimiser.hpp"
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

struct EpochResult {
  double loss = 0;   // mean cross-entropy over the epoch, dropout on, nats
  double error = 0;  // share of images whose largest logit was not the label's
  double learning_rate = 0;
  double seconds = 0;
  double images_per_second = 0;
};

struct TrainCallbacks {
  std::function<void(const TrainProgress&)> progress;  // after each step; may be empty
  std::function<bool()> cancelled;                     // asked before each step; may be empty
};

// Used by one thread at a time. `set` and `pool` must outlive it.
class Trainer {
 public:
  // Trains `model` in place of a copy; its parameters are the initial ones.
  Trainer(Model model, const TrainingSet& set, const TrainOptions& options, ThreadPool& pool);

  // Runs epoch `epoch` (from 0), the last, smaller batch included. Throws Error{training} when the
  // loss is no longer a number, Error{interrupted} when cancelled.
  EpochResult run_epoch(int epoch, const TrainCallbacks& callbacks);

  // As of the last whole epoch.
  const Model& model() const { return model_; }
  const Plan& plan() const { return executor_->plan(); }

 private:
  // Points the batch at images [first, first + count) of the epoch's order.
  void gather(const std::vector<std::uint32_t>& order, std::size_t first, int epoch);
  std::size_t wrong_in_batch() const;

  Model model_;
  const TrainingSet& set_;
  TrainOptions options_;
  std::unique_ptr<Executor> executor_;
  Optimiser optimiser_;

  Batch batch_;
  std::vector<const std::uint8_t*> pixels_;
  std::vector<kernels::ImageMove> moves_;
  std::vector<std::int32_t> labels_;
  std::vector<float> losses_;
  std::vector<float> probabilities_;  // (batch,classes)
};

}  // namespace allconv
