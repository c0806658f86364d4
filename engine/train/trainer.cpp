#include "engine/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/data/prepare.hpp"
#include "engine/data/shuffle.hpp"
#include "engine/graph/graph.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

std::unique_ptr<Executor> make_executor(const Model& model, const TrainOptions& options,
                                        ThreadPool& pool) {
  const Graph graph = make_graph(model.network, PassMode::training);
  const int images = micro_batch_size(PassMode::training, options.batch_size);
  auto plan = std::make_shared<const Plan>(make_plan(graph, images, options.plan));
  auto executor = std::make_unique<Executor>(std::move(plan), options.batch_size, pool);
  executor->load(model.parameters);
  return executor;
}

}  // namespace

Trainer::Trainer(Model model, const TrainingSet& set, const TrainOptions& options, ThreadPool& pool)
    : model_(std::move(model)),
      set_(set),
      options_(options),
      executor_(make_executor(model_, options, pool)),
      optimiser_(*executor_, model_.parameters, pool) {
  const auto batch_size = static_cast<std::size_t>(options.batch_size);
  pixels_.resize(batch_size);
  moves_.resize(batch_size);
  labels_.resize(batch_size);
  losses_.resize(batch_size);
  probabilities_.resize(batch_size * model_.classes.size());
  batch_.pixels = pixels_.data();
  batch_.moves = options.augmentation.any() ? moves_.data() : nullptr;
  batch_.scaling = pixel_scaling(model_.prepare);
  batch_.labels = labels_.data();
  batch_.losses = losses_.data();
  batch_.probabilities = probabilities_.data();
  batch_.seed = options.seed;
}

void Trainer::gather(const std::vector<std::uint32_t>& order, std::size_t first, int epoch) {
  const std::size_t count = std::min(order.size() - first, pixels_.size());
  batch_.images = static_cast<int>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t image = order[first + i];
    pixels_[i] = set_.image(image);
    labels_[i] = set_.labels[image];
    moves_[i] =
        draw_move(options_.augmentation, options_.seed, static_cast<std::uint64_t>(epoch), image);
  }
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

EpochResult Trainer::run_epoch(int epoch, const TrainCallbacks& callbacks) {
  const auto start = std::chrono::steady_clock::now();
  const auto order = shuffled_order(set_.size(), options_.seed, static_cast<std::uint64_t>(epoch));
  const std::size_t steps = (order.size() + pixels_.size() - 1) / pixels_.size();
  const SgdSettings sgd{.rate = options_.schedule.rate(options_.learning_rate, epoch),
                        .momentum = options_.momentum,
                        .weight_decay = options_.weight_decay};
  double loss_sum = 0;
  std::size_t wrong = 0;
  std::size_t seen = 0;
  for (std::size_t step = 0; step < steps; ++step) {
    if (callbacks.cancelled && callbacks.cancelled()) {
      throw Error(ErrorKind::interrupted, "training was interrupted", {}, "no model was written");
    }
    gather(order, seen, epoch);
    batch_.step = static_cast<std::uint64_t>(epoch) * steps + step;
    executor_->run(batch_);
    for (int i = 0; i < batch_.images; ++i) loss_sum += losses_[static_cast<std::size_t>(i)];
    if (!std::isfinite(loss_sum)) {
      throw Error(ErrorKind::training,
                  "the loss is no longer a number in epoch " + std::to_string(epoch + 1) +
                      ", step " + std::to_string(step + 1),
                  "training diverged", "lower --learning-rate");
    }
    wrong += wrong_in_batch();
    seen += static_cast<std::size_t>(batch_.images);
    optimiser_.step(sgd);
    if (callbacks.progress) {
      callbacks.progress({seen, order.size(), loss_sum / static_cast<double>(seen)});
    }
  }
  executor_->lane_form().unpack(optimiser_.weights(), model_.parameters);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const auto images = static_cast<double>(seen);
  return {.loss = loss_sum / images,
          .error = static_cast<double>(wrong) / images,
          .learning_rate = sgd.rate,
          .seconds = elapsed.count(),
          .images_per_second = images / elapsed.count()};
}

}  // namespace allconv
