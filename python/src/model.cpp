#include "python/src/model.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "allconv/allconv.hpp"

namespace nb = nanobind;

namespace allconv::python {

namespace {

using Tensor = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
using Names = std::vector<std::string>;
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

std::string text_of(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }

Model load(const nb::bytes& path) {
  const std::string name = text_of(path);
  const nb::gil_scoped_release release;
  return Model::load(name);
}

void save(const Model& model, const nb::bytes& path) {
  const std::string name = text_of(path);
  const nb::gil_scoped_release release;
  model.save(name);
}

// A preparation that is empty is the default one; so are no tensors.
Model create(const std::string& network, std::pair<Names, std::size_t> classes,
             const std::string& preparation, const NamedTensors& tensors, std::uint64_t seed) {
  ModelParts parts = {.network = network,
                      .classes = std::move(classes.first),
                      .class_count = classes.second,
                      .preparation = preparation,
                      .seed = seed};
  for (const auto& [name, array] : tensors) {
    parts.tensors.push_back({.name = name,
                             .values = {array.data(), array.size()},
                             .shape = {array.shape_ptr(), array.shape_ptr() + array.ndim()}});
  }
  const nb::gil_scoped_release release;
  return Model::create(parts);
}

Model with_classes(const Model& model, const Names& classes, std::uint64_t seed) {
  const nb::gil_scoped_release release;
  return model.with_classes(classes, seed);
}

Names classes(const Model& model) {
  Names names;
  for (std::size_t i = 0; i < model.class_count(); ++i) names.push_back(model.class_name(i));
  return names;
}

// Arrays over the model's own memory, which keep `self` alive.
nb::list tensors(const nb::handle self) {
  nb::list list;
  for (const TensorView& tensor : nb::cast<const Model&>(self).tensors()) {
    const std::vector<std::size_t> shape(tensor.shape.begin(), tensor.shape.end());
    list.append(nb::make_tuple(std::string(tensor.name),
                               nb::ndarray<nb::numpy, const float>(
                                   tensor.values.data(), shape.size(), shape.data(), self)));
  }
  return list;
}

}  // namespace

void bind_model(nb::module_& module) {
  nb::class_<Model>(module, "Model")
      .def_static("load", load, nb::arg("path"))
      .def_static("create", create, nb::arg("network"), nb::arg("classes"), nb::arg("preparation"),
                  nb::arg("tensors"), nb::arg("seed"))
      .def("save", save, nb::arg("path"))
      .def("with_classes", with_classes, nb::arg("classes"), nb::arg("seed"))
      .def_prop_ro("network", &Model::network)
      .def_prop_ro("preparation", &Model::preparation)
      .def_prop_ro("height", &Model::height)
      .def_prop_ro("width", &Model::width)
      .def_prop_ro("classes", classes)
      .def("tensors", [](nb::handle self) { return tensors(self); });
}

}  // namespace allconv::python
