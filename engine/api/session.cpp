#include "engine/api/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/graph/unit.hpp"
#include "engine/prepare/pixel_scaling.hpp"
#include "engine/support/error.hpp"

namespace allconv::api {

namespace {

[[noreturn]] void refuse_purpose(const char* purpose) {
  throw Error(ErrorKind::usage, "the session was not made for this", "purposes",
              fmt::format("make it with {} among its purposes", purpose));
}

Graph explain_graph(const Model& model, const SessionSettings& settings, std::size_t method) {
  return make_graph(model.network, PassMode::explain, kMethods[method], settings.layer);
}

// What scoring and training bring to the plan.
BatchInput batch_input(const Model& model, const SessionSettings& settings) {
  const bool as_pixels = !settings.prepared && !InputTransform::is_needed(model);
  return as_pixels ? BatchInput::pixels : BatchInput::prepared;
}

// Whether images are prepared before they enter a plan: plans of explanations begin behind all of
// it, the others with scale, mean and deviation.
bool transforms(const Model& model, const SessionSettings& settings) {
  return !settings.prepared && (settings.explains() || InputTransform::is_needed(model));
}

void check_rate(double value, const char* name) {
  if (std::isfinite(value) && value >= 0) return;
  throw Error(ErrorKind::usage, fmt::format("{} is not allowed", value), name,
              "give a number that is not negative");
}

}  // namespace

Session::Session(std::shared_ptr<const Model> model, const SessionSettings& settings)
    : model_(std::move(model)),
      settings_(settings),
      pool_(std::make_unique<ThreadPool>(settings.threads)),
      host_memory_(settings.allocator, ALLCONV_HOST),
      gpu_memory_(settings.allocator, ALLCONV_CUDA),
      device_(device_of(settings)),
      device_text_(device_.text()),
      stage_(image_target(model_->prepare), settings.prepared, settings.batch_size, *pool_),
      unit_shape_(signal_shape(model_->network, settings.layer)) {
  PlanOptions options = device_.plan_options();
  options.memory = host_memory_.source();
  options.device_memory = gpu_memory_.source();
  if (transforms(*model_, settings)) {
    transform_ = InputTransform::whole(*model_, settings.batch_size, options, *pool_);
    needed_ = InputTransform::is_needed(*model_) ? transform_.get() : nullptr;
  }
  if (settings.scores) make_scorer(options);
  if (settings.explains()) make_explainers(options);
  if (settings.training) make_trainer(options);
}

void Session::make_scorer(const PlanOptions& options) {
  const int batch = settings_.batch_size;
  scorer_ = make_network_executor(make_graph(model_->network, PassMode::inference),
                                  {.allowed = batch, .expected = batch},
                                  batch_input(*model_, settings_), options, *pool_);
  scorer_->load(model_->parameters);
}

void Session::make_explainers(const PlanOptions& options) {
  const int batch = settings_.batch_size;
  for (std::size_t method = 0; method < kMethods.size(); ++method) {
    if (!settings_.methods[method]) continue;
    explainers_[method] = make_network_executor(explain_graph(*model_, settings_, method),
                                                {.allowed = batch, .expected = batch},
                                                BatchInput::prepared, options, *pool_);
    explainers_[method]->load(model_->parameters);
  }
  choices_.resize(static_cast<std::size_t>(batch));
  found_.resize(static_cast<std::size_t>(batch));
}

void Session::make_trainer(const PlanOptions& options) {
  const auto batch = static_cast<std::size_t>(settings_.batch_size);
  trainer_ = make_training_executor(make_graph(model_->network, PassMode::training),
                                    model_->parameters, settings_.batch_size,
                                    batch_input(*model_, settings_), options, *pool_);
  trained_ = model_->parameters;
  losses_.resize(batch);
  probabilities_.resize(batch * model_->classes.size());
}

void Session::refresh(NetworkExecutor& executor, std::uint64_t& has_step) {
  if (has_step == steps_) return;
  trainer_->read_weights(trained_);
  executor.load(trained_);
  has_step = steps_;
}

// Of the call's images from `first` on, as many as a batch takes.
int Session::images_at(const allconv_images& images, std::int64_t first) const {
  return static_cast<int>(std::min<std::int64_t>(images.count - first, settings_.batch_size));
}

void Session::check_place(allconv_place place, std::string_view where) const {
  if (place == ALLCONV_HOST || (place == ALLCONV_CUDA && device_.gpu())) return;
  throw Error(ErrorKind::usage,
              place == ALLCONV_CUDA ? "is a GPU's, but the session runs on the CPU" : "is none",
              where, "give ALLCONV_HOST, or make the session on the GPU");
}

void Session::check_images(const allconv_images& images) const {
  stage_.check(images);
  check_place(images.place, "images: place");
}

void Session::place(const allconv_images& images, std::int64_t first, InputTransform* transform,
                    bool may_stay, Flight& flight) {
  const int count = images_at(images, first);
  flight = {};
  Batch& batch = flight.batch;
  batch.scaling = pixel_scaling(model_->prepare);
  const Shape& input = model_->network.input;
  const bool same_size = images.height == input.height && images.width == input.width;
  if (images.place == ALLCONV_HOST) {
    stage_.place(images, first, count, batch);
  } else if (may_stay && same_size && transform == nullptr) {
    const std::int64_t element = settings_.prepared ? sizeof(float) : 1;
    batch.images = count;
    flight.device.images =
        static_cast<const std::byte*>(images.data) + first * images.image_stride * element;
    flight.device.strides = strides_of(images);
    batch.device = &flight.device;
  } else {
    stage_.fetch(images, first, count, {device_.gpu()->index, settings_.stream}, batch);
  }
  flight.device.stream = settings_.stream;
  if (transform != nullptr) transform->apply(batch);
}

// Batches go round the executor's slots: while a GPU computes one, the next is placed.
void Session::score(const allconv_images& images, const allconv_scores& scores) {
  if (scorer_ == nullptr) refuse_purpose("ALLCONV_FOR_SCORES");
  check_images(images);
  check_place(scores.place, "scores: place");
  refresh(*scorer_, scorer_step_);
  const auto classes = static_cast<std::int64_t>(model_->classes.size());
  const auto row = [&](float* rows, std::int64_t image) {
    return rows == nullptr ? nullptr : rows + image * classes;
  };
  const int slots = scorer_->slots();
  std::vector<Flight> flights(static_cast<std::size_t>(slots));
  int started = 0, finished = 0;
  const auto finish = [&] {
    const int slot = finished++ % slots;
    scorer_->finish(flights[static_cast<std::size_t>(slot)].batch, slot);
  };
  for (std::int64_t first = 0; first < images.count; first += settings_.batch_size) {
    if (started - finished == slots) finish();
    const int slot = started++ % slots;
    Flight& flight = flights[static_cast<std::size_t>(slot)];
    place(images, first, needed_, true, flight);
    if (scores.place == ALLCONV_HOST) {
      flight.batch.logits = row(scores.logits, first);
      flight.batch.probabilities = row(scores.probabilities, first);
    } else {
      flight.device.logits = row(scores.logits, first);
      flight.device.probabilities = row(scores.probabilities, first);
      flight.batch.device = &flight.device;
    }
    scorer_->start(flight.batch, slot);
  }
  while (finished < started) finish();
}

void Session::check_targets(const allconv_images& images, const allconv_unit* targets) const {
  if (targets == nullptr) return;
  const std::string_view map = settings_.layer ? "the layer" : "the classes";
  for (std::int64_t i = 0; i < images.count; ++i) {
    check_unit(unit_shape_, {targets[i].channel, targets[i].row, targets[i].column}, map);
  }
}

void Session::explain(const allconv_images& images, const allconv_unit* targets,
                      allconv_method method, const allconv_explanations& explanations) {
  const auto index = static_cast<std::size_t>(method);
  if (index >= kMethods.size())
    throw Error(ErrorKind::usage, "is none", "method", "give a value of allconv_method");
  if (explainers_[index] == nullptr) refuse_purpose("the method's ALLCONV_FOR_...");
  check_images(images);
  check_place(explanations.place, "explanations: place");
  check_targets(images, targets);
  NetworkExecutor& executor = *explainers_[index];
  refresh(executor, explainer_steps_[index]);
  if (explanations.place == ALLCONV_CUDA) {
    maps_.resize(static_cast<std::size_t>(model_->network.input.size() * settings_.batch_size));
  }
  for (std::int64_t first = 0; first < images.count; first += settings_.batch_size) {
    explain_batch(images, first, targets, explanations, executor);
  }
}

void Session::explain_batch(const allconv_images& images, std::int64_t first,
                            const allconv_unit* targets, const allconv_explanations& explanations,
                            NetworkExecutor& executor) {
  Flight flight;
  place(images, first, transform_.get(), false, flight);
  Batch& batch = flight.batch;
  for (int i = 0; i < batch.images; ++i) {
    kernels::UnitChoice& choice = choices_[static_cast<std::size_t>(i)];
    choice = {};
    if (targets == nullptr) continue;
    const allconv_unit& target = targets[first + i];
    choice = {target.channel, target.row, target.column};
  }
  batch.units = choices_.data();
  batch.found = found_.data();
  const std::int64_t floats = model_->network.input.size();
  const bool on_gpu = explanations.place == ALLCONV_CUDA;
  float* const maps = explanations.maps + first * floats;
  batch.input_gradient = on_gpu ? maps_.data() : maps;
  executor.run(batch);
  const auto send = [&](const float* from, float* to) {
    const auto bytes = static_cast<std::size_t>(batch.images * floats) * sizeof(float);
    if (on_gpu) return copy_to_gpu(device_.gpu()->index, from, to, bytes, settings_.stream);
    std::memcpy(to, from, bytes);
  };
  if (on_gpu) send(maps_.data(), maps);
  if (explanations.inputs != nullptr) send(batch.input, explanations.inputs + first * floats);
  for (int i = 0; i < batch.images; ++i) {
    const kernels::UnitFound& found = found_[static_cast<std::size_t>(i)];
    const int pixel = found.element / unit_shape_.channels;
    if (explanations.values != nullptr) explanations.values[first + i] = found.value;
    if (explanations.units == nullptr) continue;
    explanations.units[first + i] = {.channel = found.element % unit_shape_.channels,
                                     .row = pixel / unit_shape_.width,
                                     .column = pixel % unit_shape_.width};
  }
}

allconv_step Session::train_step(const allconv_images& images, const std::int32_t* labels,
                                 const allconv_sgd& sgd) {
  if (trainer_ == nullptr) refuse_purpose("ALLCONV_FOR_TRAINING");
  check_images(images);
  if (images.count < 1 || images.count > settings_.batch_size) {
    throw Error(ErrorKind::usage, fmt::format("there are {}", images.count), "images",
                fmt::format("give 1 to batch_size, which is {}", settings_.batch_size));
  }
  check_rate(sgd.learning_rate, "learning_rate");
  check_rate(sgd.momentum, "momentum");
  check_rate(sgd.weight_decay, "weight_decay");
  const std::size_t classes = model_->classes.size();
  const std::span label(labels, static_cast<std::size_t>(images.count));
  for (const std::int32_t value : label) {
    if (value >= 0 && static_cast<std::size_t>(value) < classes) continue;
    throw Error(ErrorKind::usage, fmt::format("{} is no class", value), "labels",
                fmt::format("give 0 to {}", classes - 1));
  }
  Flight flight;
  place(images, 0, needed_, true, flight);
  Batch& batch = flight.batch;
  batch.labels = labels;
  batch.losses = losses_.data();
  batch.probabilities = probabilities_.data();
  batch.seed = settings_.seed;
  batch.step = steps_;
  trainer_->step(
      batch,
      {.rate = sgd.learning_rate, .momentum = sgd.momentum, .weight_decay = sgd.weight_decay});
  ++steps_;
  allconv_step step = {};
  for (std::size_t i = 0; i < label.size(); ++i) {
    step.loss += losses_[i] / static_cast<double>(label.size());
    const float* const row = probabilities_.data() + i * classes;
    step.correct += std::max_element(row, row + classes) - row == label[i] ? 1 : 0;
  }
  if (!std::isfinite(step.loss)) {
    throw Error(ErrorKind::training, "the loss is no longer a number", "training diverged",
                "begin anew with a lower learning_rate");
  }
  return step;
}

Model Session::model() const {
  Model model = *model_;
  if (trainer_ != nullptr) trainer_->read_weights(model.parameters);
  check_finite(model.parameters, "session");
  return model;
}

MemoryNeed memory_need(const Model& model, const SessionSettings& settings) {
  const TunedDevice device = device_of(settings);
  const PlanOptions options = device.plan_options();
  const ImageTarget target = image_target(model.prepare);
  const BatchInput input = batch_input(model, settings);
  const int batch = settings.batch_size;
  MemoryNeed need = {.host = ImageStage::bytes(target, settings.prepared, batch), .device = 0};
  if (transforms(model, settings)) need.host += InputTransform::bytes(model, batch);
  const auto add = [&](const Graph& graph, BatchInput of) {
    need += memory_need(graph, batch, of, options);
  };
  if (settings.scores) add(make_graph(model.network, PassMode::inference), input);
  if (settings.training) add(make_graph(model.network, PassMode::training), input);
  for (std::size_t method = 0; method < kMethods.size(); ++method) {
    if (settings.methods[method]) add(explain_graph(model, settings, method), BatchInput::prepared);
  }
  return need;
}

}  // namespace allconv::api
