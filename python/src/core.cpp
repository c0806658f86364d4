// The extension module allconv._core: models and sessions over the library's C++ header. What users
// see stands in the package's Python files.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "python/src/errors.hpp"
#include "python/src/model.hpp"
#include "python/src/session.hpp"
#include "python/src/view.hpp"

namespace nb = nanobind;

namespace allconv::python {

namespace {

// Bits of allconv.h's ALLCONV_FOR_*.
Purposes purposes_of(std::uint32_t bits) {
  Purposes purposes = {.scores = (bits & ALLCONV_FOR_SCORES) != 0,
                       .training = (bits & ALLCONV_FOR_TRAINING) != 0};
  for (const Method method : {Method::gradient, Method::deconvnet, Method::guided}) {
    const auto bit = static_cast<std::uint32_t>(ALLCONV_FOR_GRADIENT) << static_cast<int>(method);
    if ((bits & bit) != 0) purposes.explanations.push_back(method);
  }
  return purposes;
}

void bind_view(nb::module_& module) {
  nb::class_<View>(module, "View")
      .def(nb::init<nb::handle, std::string_view>(), nb::arg("array").none(), nb::arg("layout"))
      .def_prop_ro("count", [](const View& view) { return view.images().count; })
      .def_prop_ro("gpu", &View::gpu)
      .def_prop_ro("is_float",
                   [](const View& view) { return view.images().element == ALLCONV_F32; });
}

void bind_options(nb::module_& module) {
  nb::class_<SessionOptions>(module, "SessionOptions")
      .def(nb::init<>())
      .def_prop_rw(
          "purposes", [](const SessionOptions&) { return nb::none(); },
          [](SessionOptions& options, std::uint32_t bits) { options.purposes = purposes_of(bits); })
      .def_prop_rw(
          "is_float", [](const SessionOptions& o) { return o.element == ALLCONV_F32; },
          [](SessionOptions& o, bool yes) { o.element = yes ? ALLCONV_F32 : ALLCONV_U8; })
      .def_rw("batch_size", &SessionOptions::batch_size)
      .def_rw("threads", &SessionOptions::threads)
      .def_rw("device", &SessionOptions::device)
      .def_rw("precision", &SessionOptions::precision)
      .def_rw("deterministic", &SessionOptions::deterministic)
      .def_rw("layer", &SessionOptions::layer)
      .def_rw("workspace_limit", &SessionOptions::workspace_limit)
      .def_rw("tuning_file", &SessionOptions::tuning_file)
      .def_rw("seed", &SessionOptions::seed);
}

std::pair<std::size_t, std::size_t> memory(const Model& model, const SessionOptions& options) {
  const nb::gil_scoped_release release;
  const Memory memory = allconv::Session::memory(model, options);
  return {memory.host, memory.device};
}

std::pair<double, std::int64_t> train_step(Session& session, const View& view, const Labels& labels,
                                           std::pair<double, std::pair<double, double>> rates) {
  const Step step = session.train_step(view, labels,
                                       {.learning_rate = rates.first,
                                        .momentum = rates.second.first,
                                        .weight_decay = rates.second.second});
  return {step.loss, step.correct};
}

void explain(Session& session, const View& view, int method, std::optional<Targets> targets,
             const ExplanationArrays& arrays) {
  session.explain(view, static_cast<Method>(method), std::move(targets), arrays);
}

void bind_session(nb::module_& module) {
  nb::class_<ExplanationArrays>(module, "ExplanationArrays")
      .def(nb::init<Floats, Floats, Integers, Floats>(), nb::arg("maps"), nb::arg("inputs"),
           nb::arg("units"), nb::arg("values"));
  nb::class_<Session>(module, "Session")
      .def(nb::init<const Model&, SessionOptions>(), nb::arg("model"), nb::arg("options"))
      .def("score", &Session::score, nb::arg("view"), nb::arg("probabilities").none(),
           nb::arg("logits").none())
      .def("explain", explain, nb::arg("view"), nb::arg("method"), nb::arg("targets").none(),
           nb::arg("arrays"))
      .def("train_step", train_step, nb::arg("view"), nb::arg("labels"), nb::arg("rates"))
      .def("model", &Session::model)
      .def_prop_ro("device", &Session::device)
      .def("take_notes", &Session::take_notes);
}

}  // namespace

}  // namespace allconv::python

NB_MODULE(_core, module) {
  using namespace allconv::python;
  register_errors();
  bind_model(module);
  bind_view(module);
  bind_options(module);
  bind_session(module);
  module.def("version", [] { return allconv_version(); });
  module.def("memory", memory, nb::arg("model"), nb::arg("options"));
}
