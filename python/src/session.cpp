#include "python/src/session.hpp"

#include <algorithm>
#include <string_view>

#include "python/src/errors.hpp"
#include "python/src/interrupts.hpp"

namespace nb = nanobind;

namespace allconv::python {

namespace {

void check_size(const char* name, std::size_t given, std::size_t wanted) {
  if (given == wanted) return;
  refuse(std::string(name) + ": the array has " + std::to_string(given) + " numbers; give one of " +
         std::to_string(wanted));
}

float* row(const std::optional<Floats>& array, std::int64_t first, std::size_t width) {
  return array ? array->data() + static_cast<std::size_t>(first) * width : nullptr;
}

}  // namespace

void Notes::add(Severity severity, std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  notes_.emplace_back(static_cast<int>(severity), sentence);
}

std::vector<std::pair<int, std::string>> Notes::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notes_, {});
}

Session::Session(const Model& model, SessionOptions options)
    : classes_(model.class_count()),
      inputs_(static_cast<std::size_t>(model.height()) * static_cast<std::size_t>(model.width()) *
              3),
      batch_size_(options.batch_size > 0 ? options.batch_size : 64),
      notes_(std::make_unique<Notes>()) {
  options.diagnostics = [notes = notes_.get()](Severity severity, std::string_view sentence) {
    notes->add(severity, sentence);
  };
  const nb::gil_scoped_release release;
  session_.emplace(model, options);
}

void Session::in_pieces(std::int64_t count,
                        const std::function<void(std::int64_t, std::int64_t)>& run) {
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  Interrupts interrupts;
  for (std::int64_t first = 0; first < count; first += batch_size_) {
    run(first, std::min(batch_size_, count - first));
    interrupts.ask();
  }
}

void Session::score(const View& view, std::optional<Floats> probabilities,
                    std::optional<Floats> logits) {
  const std::int64_t count = view.images().count;
  const std::size_t numbers = static_cast<std::size_t>(count) * classes_;
  if (probabilities) check_size("probabilities", probabilities->size(), numbers);
  if (logits) check_size("logits", logits->size(), numbers);
  in_pieces(count, [&](std::int64_t first, std::int64_t length) {
    session_->score(view.piece(first, length),
                    {.probabilities = row(probabilities, first, classes_),
                     .logits = row(logits, first, classes_),
                     .place = ALLCONV_HOST});
  });
}

void Session::explain(const View& view, Method method, std::optional<Targets> targets,
                      const ExplanationArrays& arrays) {
  const auto count = static_cast<std::size_t>(view.images().count);
  check_size("maps", arrays.maps.size(), count * inputs_);
  check_size("inputs", arrays.inputs.size(), count * inputs_);
  check_size("units", arrays.units.size(), count * 3);
  check_size("values", arrays.values.size(), count);
  if (targets) check_size("targets", targets->size(), count * 3);
  // A row of three numbers is a unit's memory.
  static_assert(sizeof(Unit) == 3 * sizeof(std::int32_t));
  const auto* const from = targets ? reinterpret_cast<const Unit*>(targets->data()) : nullptr;
  auto* const units = reinterpret_cast<Unit*>(arrays.units.data());
  in_pieces(view.images().count, [&](std::int64_t first, std::int64_t length) {
    const auto skipped = static_cast<std::size_t>(first);
    session_->explain(view.piece(first, length), method, from == nullptr ? nullptr : from + first,
                      {.maps = arrays.maps.data() + skipped * inputs_,
                       .inputs = arrays.inputs.data() + skipped * inputs_,
                       .units = units + first,
                       .values = arrays.values.data() + first,
                       .place = ALLCONV_HOST});
  });
}

Step Session::train_step(const View& view, const Labels& labels, const Sgd& sgd) {
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  return session_->train_step(view.images(), {labels.data(), labels.size()}, sgd);
}

Model Session::model() {
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  return session_->model();
}

std::string Session::device() {
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  return session_->device();
}

}  // namespace allconv::python
