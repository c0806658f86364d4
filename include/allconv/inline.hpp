// The functions of allconv.hpp, over those of allconv.h. Included at its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace allconv {
inline namespace v0 {

inline Model Model::load(const std::string& path) {
  allconv_model* model = nullptr;
  check(allconv_model_load(path.c_str(), &model));
  return Model(model);
}

namespace detail {

inline std::vector<const char*> texts_of(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

inline void check_count(std::size_t given, std::int64_t wanted, const char* what) {
  if (static_cast<std::int64_t>(given) == wanted) return;
  throw Error(ALLCONV_USAGE, std::string(what) + ": there are " + std::to_string(given) + " of " +
                                 std::to_string(wanted) + " images; give one for each");
}

// Texts and the diagnostics are borrowed.
inline allconv_session_options c_options(const SessionOptions& options, Diagnostics* diagnostics) {
  allconv_session_options c = {};
  c.size = sizeof c;
  if (options.purposes.scores) c.purposes |= ALLCONV_FOR_SCORES;
  if (options.purposes.training) c.purposes |= ALLCONV_FOR_TRAINING;
  for (const Method method : options.purposes.explanations) {
    c.purposes |= static_cast<std::uint32_t>(ALLCONV_FOR_GRADIENT) << static_cast<int>(method);
  }
  c.element = options.element;
  c.batch_size = options.batch_size;
  c.threads = options.threads;
  c.device = options.device.c_str();
  c.precision = options.precision.c_str();
  c.deterministic = options.deterministic ? 1 : 0;
  c.layer = options.layer.empty() ? nullptr : options.layer.c_str();
  c.workspace_limit = options.workspace_limit;
  c.tuning_file = options.tuning_file.empty() ? nullptr : options.tuning_file.c_str();
  c.stream = options.stream;
  c.seed = options.seed;
  c.allocator = options.allocator;
  if (diagnostics != nullptr && *diagnostics) {
    c.diagnostics = pass_diagnostics;
    c.diagnostics_user = diagnostics;
  }
  return c;
}

}  // namespace detail

inline Model Model::create(const ModelParts& parts) {
  const std::vector<const char*> classes = detail::texts_of(parts.classes);
  std::vector<std::string> names;  // a view need not end with a zero
  for (const TensorView& tensor : parts.tensors) names.emplace_back(tensor.name);
  std::vector<allconv_tensor> tensors;
  for (const TensorView& tensor : parts.tensors) {
    allconv_tensor c = {};
    c.name = names[tensors.size()].c_str();
    c.data = tensor.values.data();
    c.rank = static_cast<std::int32_t>(std::min<std::size_t>(tensor.shape.size(), 5));
    std::copy_n(tensor.shape.begin(), std::min<std::size_t>(tensor.shape.size(), 4), c.shape);
    tensors.push_back(c);
  }
  allconv_model_parts c = {};
  c.size = sizeof c;
  c.network = parts.network.c_str();
  c.classes = classes.empty() ? nullptr : classes.data();
  c.class_count = classes.empty() ? parts.class_count : classes.size();
  c.preparation = parts.preparation.empty() ? nullptr : parts.preparation.c_str();
  c.tensors = tensors.empty() ? nullptr : tensors.data();
  c.tensor_count = tensors.size();
  c.seed = parts.seed;
  allconv_model* model = nullptr;
  check(allconv_model_create(&c, &model));
  return Model(model);
}

inline Model Model::with_classes(const std::vector<std::string>& classes,
                                 std::uint64_t seed) const {
  allconv_model* model = nullptr;
  check(allconv_model_with_classes(handle(), detail::texts_of(classes).data(), classes.size(), seed,
                                   &model));
  return Model(model);
}

inline std::string Model::class_name(std::size_t index) const {
  const char* const name = allconv_model_class_name(handle(), index);
  if (name == nullptr) throw std::out_of_range("there is no class " + std::to_string(index));
  return name;
}

inline std::vector<TensorView> Model::tensors() const {
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < allconv_model_tensor_count(handle()); ++i) {
    allconv_tensor c = {};
    check(allconv_model_tensor(handle(), i, &c));
    std::vector<std::int64_t> shape(c.shape, c.shape + c.rank);
    std::size_t size = 1;
    for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
    views.push_back({c.name, {c.data, size}, std::move(shape)});
  }
  return views;
}

inline Session::Session(const Model& model, const SessionOptions& options)
    : model_(model), diagnostics_(std::make_unique<Diagnostics>(options.diagnostics)) {
  const allconv_session_options c = detail::c_options(options, diagnostics_.get());
  allconv_session* session = nullptr;
  check(allconv_session_create(model.handle(), &c, &session));
  session_.reset(session);
}

inline Memory Session::memory(const Model& model, const SessionOptions& options) {
  const allconv_session_options c = detail::c_options(options, nullptr);
  Memory memory = {};
  check(allconv_session_memory(model.handle(), &c, &memory));
  return memory;
}

inline Scores Session::score(const Images& images) {
  const std::size_t classes = model_.class_count();
  const std::size_t numbers =
      static_cast<std::size_t>(std::max<std::int64_t>(images.count, 0)) * classes;
  Scores scores = {.classes = classes,
                   .probabilities = std::vector<float>(numbers),
                   .logits = std::vector<float>(numbers)};
  score(images, {.probabilities = scores.probabilities.data(),
                 .logits = scores.logits.data(),
                 .place = ALLCONV_HOST});
  return scores;
}

inline Explanations Session::explain(const Images& images, Method method,
                                     std::span<const Unit> targets) {
  if (!targets.empty()) detail::check_count(targets.size(), images.count, "targets");
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(images.count, 0));
  const std::size_t numbers = count * 3 * static_cast<std::size_t>(model_.height()) *
                              static_cast<std::size_t>(model_.width());
  Explanations result = {.maps = std::vector<float>(numbers),
                         .inputs = std::vector<float>(numbers),
                         .units = std::vector<Unit>(count),
                         .values = std::vector<float>(count)};
  explain(images, method, targets.empty() ? nullptr : targets.data(),
          {.maps = result.maps.data(),
           .inputs = result.inputs.data(),
           .units = result.units.data(),
           .values = result.values.data(),
           .place = ALLCONV_HOST});
  return result;
}

inline Step Session::train_step(const Images& images, std::span<const std::int32_t> labels,
                                const Sgd& sgd) {
  detail::check_count(labels.size(), images.count, "labels");
  Step step = {};
  check(allconv_train_step(handle(), &images, labels.data(), &sgd, &step));
  return step;
}

inline Model Session::model() const {
  allconv_model* model = nullptr;
  check(allconv_session_model(handle(), &model));
  return Model(model);
}

}  // namespace v0
}  // namespace allconv
