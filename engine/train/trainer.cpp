#include "engine/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <string_view>

#include "engine/data/shuffle.hpp"
#include "engine/graph/graph.hpp"
#include "engine/prepare/pixel_scaling.hpp"
#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"

namespace allconv {

namespace {

std::unique_ptr<TrainingExecutor> make_executor(const Model& model, const TrainOptions& options,
                                                bool transforms, ThreadPool& pool) {
  const Graph graph = make_graph(model.network, PassMode::training);
  const BatchInput input = transforms ? BatchInput::prepared : BatchInput::pixels;
  return make_training_executor(graph, model.parameters, options.batch_size, input, options.plan,
                                pool);
}

std::string_view bytes_of(const std::vector<std::uint32_t>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(numbers[0])};
}

}  // namespace

Trainer::Trainer(Model model, const TrainingSet& set, const TrainOptions& options, ThreadPool& pool)
    : model_(std::move(model)),
      set_(set),
      options_(options),
      pool_(pool),
      transform_(InputTransform::of(model_, options.batch_size, options.plan, pool)),
      executor_(make_executor(model_, options, transform_ != nullptr, pool)) {
  if (set.margin != options.augmentation.crop)
    throw Error(ErrorKind::internal, "the training images are not held as crops need them");
  if (transform_ != nullptr && options.augmentation.heavy) {
    throw Error(ErrorKind::usage, "heavy goes with a preparation of colours alone", "--augment",
                "use flip,shift:N, or --prepare standardize");
  }
  const auto batch_size = static_cast<std::size_t>(options.batch_size);
  pixels_.resize(batch_size);
  moves_.resize(batch_size);
  warps_.resize(batch_size);
  labels_.resize(batch_size);
  losses_.resize(batch_size);
  probabilities_.resize(batch_size * model_.classes.size());
  batch_.pixel_pitch = set.pitch();
  batch_.moves = options.augmentation.moves() ? moves_.data() : nullptr;
  batch_.warps = options.augmentation.heavy ? warps_.data() : nullptr;
  batch_.scaling = pixel_scaling(model_.prepare);
  batch_.labels = labels_.data();
  batch_.losses = losses_.data();
  batch_.probabilities = probabilities_.data();
  batch_.seed = options.seed;
  begin_epoch(0);
}

std::size_t Trainer::steps() const { return (set_.size() + pixels_.size() - 1) / pixels_.size(); }

std::size_t Trainer::steps_done() const {
  return static_cast<std::size_t>(position_.epoch) * steps() + position_.step;
}

// The sum that judges the start goes on from epoch to epoch.
void Trainer::begin_epoch(int epoch) {
  order_ = shuffled_order(set_.size(), options_.seed, static_cast<std::uint64_t>(epoch));
  position_ = {.epoch = epoch,
               .start_sum = epoch == 0 ? 0 : position_.start_sum,
               .order = hash_bytes(bytes_of(order_))};
  gradient_norms_.clear();
}

TrainerState Trainer::state() const {
  TrainerState state{.position = position_,
                     .weights = model_.parameters,
                     .velocities = {},
                     .gradient_norms = gradient_norms_};
  state.velocities = state.weights;  // for the sizes
  executor_->read_weights(state.weights);
  executor_->read_velocities(state.velocities);
  return state;
}

void Trainer::restore(const TrainerState& state) {
  begin_epoch(state.position.epoch);
  const std::size_t images = std::min(state.position.step * pixels_.size(), set_.size());
  if (state.position.step > steps() || state.position.images != images ||
      state.position.order != position_.order) {
    throw Error(ErrorKind::usage, "training cannot stand where this state says", "checkpoint",
                "resume with the version of the program that wrote it");
  }
  position_ = state.position;
  gradient_norms_ = state.gradient_norms;
  model_.parameters = state.weights;
  executor_->restore(state.weights, state.velocities);
}

void Trainer::gather() {
  const std::size_t first = position_.images;
  const std::size_t count = std::min(order_.size() - first, pixels_.size());
  const auto epoch = static_cast<std::uint64_t>(position_.epoch);
  const Augmentation& augmentation = options_.augmentation;
  batch_.images = static_cast<int>(count);
  batch_.step = steps_done();
  batch_.pixels = pixels_.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t image = order_[first + i];
    const AugmentPlace place = {.seed = options_.seed, .epoch = epoch, .image = image};
    const WindowPlace window = draw_window(augmentation, place);
    pixels_[i] = set_.window(image, window.row, window.column);
    labels_[i] = set_.labels[image];
    moves_[i] = draw_move(augmentation, place);
    if (augmentation.heavy) warps_[i] = draw_warp(place, set_.input_height(), set_.input_width());
  }
  if (transform_ != nullptr) transform_->apply(batch_);
}

std::size_t Trainer::wrong_in_batch() const {
  const std::size_t classes = model_.classes.size();
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch_.images); ++i) {
    const float* row = probabilities_.data() + i * classes;
    wrong += std::max_element(row, row + classes) - row != labels_[i];
  }
  return wrong;
}

double Trainer::rate_of(std::size_t step) const {
  const auto count = static_cast<double>(steps());
  return options_.schedule.rate(options_.learning_rate, {.epoch = position_.epoch,
                                                         .done = static_cast<double>(step) / count,
                                                         .step = 1 / count,
                                                         .epochs = options_.epochs});
}

void Trainer::run_step(const SgdSettings& sgd) {
  gather();
  executor_->step(batch_, sgd);
  const auto losses = std::span(losses_).first(static_cast<std::size_t>(batch_.images));
  const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
  position_.loss_sum += sum;
  // Of the steps before the judgement the last.
  const std::size_t judged = judging_step(steps());
  if (batch_.step < judged && batch_.step + kJudgedSteps >= judged)
    position_.start_sum += sum / batch_.images;
  if (!std::isfinite(position_.loss_sum)) {
    throw Error(ErrorKind::training,
                "the loss is no longer a number in epoch " + std::to_string(position_.epoch + 1) +
                    ", step " + std::to_string(position_.step + 1),
                "training diverged", "lower --learning-rate");
  }
  position_.wrong += wrong_in_batch();
  position_.images += static_cast<std::size_t>(batch_.images);
  ++position_.step;
}

void Trainer::watch_start(const TrainCallbacks& callbacks) {
  const std::size_t judged = judging_step(steps());
  if (steps_done() != judged) return;
  const double loss = position_.start_sum / kJudgedSteps;
  const int classes = static_cast<int>(model_.classes.size());
  if (!callbacks.dead_start || !is_guessing(loss, classes)) return;
  unpack_step();
  callbacks.dead_start(DeadStart(judged, loss, classes, dead_layers_text(activity())));
}

void Trainer::unpack_step() {
  // The parameters have the gradient's sizes.
  executor_->read_gradient(model_.parameters);
  gradient_norms_ = weight_norms(model_.parameters);
  executor_->read_weights(model_.parameters);
}

std::vector<LayerActivity> Trainer::activity() const {
  return measure_activity(model_, set_, options_.plan, pool_);
}

EpochResult Trainer::epoch_so_far() const {
  const auto images = static_cast<double>(position_.images);
  return {.loss = position_.loss_sum / images,
          .error = static_cast<double>(position_.wrong) / images,
          .learning_rate = rate_of(std::max<std::size_t>(position_.step, 1) - 1),
          .seconds = position_.seconds,
          .images_per_second = images / position_.seconds};
}

EpochResult Trainer::run_epoch(int epoch, const TrainCallbacks& callbacks) {
  using Clock = std::chrono::steady_clock;
  if (position_.epoch != epoch) begin_epoch(epoch);
  const auto start = Clock::now();
  const double seconds_before = position_.seconds;
  const bool any_steps = position_.step < steps();
  while (position_.step < steps()) {
    if (callbacks.cancelled && callbacks.cancelled()) {
      throw Error(ErrorKind::interrupted, "training was interrupted", {}, "no model was written");
    }
    run_step({.rate = rate_of(position_.step),
              .momentum = options_.momentum,
              .weight_decay = options_.weight_decay});
    position_.seconds =
        seconds_before + std::chrono::duration<double>(Clock::now() - start).count();
    if (callbacks.progress) {
      callbacks.progress({position_.images, order_.size(),
                          position_.loss_sum / static_cast<double>(position_.images)});
    }
    watch_start(callbacks);
  }
  if (any_steps) unpack_step();
  return epoch_so_far();
}

}  // namespace allconv
