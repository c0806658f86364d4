#include "engine/api/model.hpp"

#include <algorithm>
#include <span>

#include "engine/api/call.hpp"

using allconv::LayerParameters;
using allconv::Model;
using allconv::OtherTensor;

namespace api = allconv::api;

namespace {

void add_tensor(allconv_model& model, std::string name, const float* data,
                std::span<const std::int64_t> shape) {
  allconv_tensor tensor = {};
  tensor.data = data;
  tensor.rank = static_cast<std::int32_t>(shape.size());
  std::copy(shape.begin(), shape.end(), tensor.shape);
  model.names.push_back(std::move(name));
  model.tensors.push_back(tensor);
}

void add_parameters(allconv_model& model, const LayerParameters& layer) {
  const std::vector<std::int64_t> extent(layer.extent.begin(), layer.extent.end());
  add_tensor(model, layer.name + ".weight", layer.weights.data(), extent);
  add_tensor(model, layer.name + ".bias", layer.bias.data(), std::span(extent).first(1));
}

}  // namespace

allconv_model::allconv_model(Model of)
    : model(std::make_shared<const Model>(std::move(of))),
      network(network_to_json(model->network)),
      preparation(preparation_to_json(model->prepare)) {
  for (const LayerParameters& layer : model->parameters) add_parameters(*this, layer);
  for (const std::string_view name : {allconv::kMeanTensor, allconv::kWhitenTensor}) {
    const OtherTensor* const tensor = model->find_tensor(name);
    if (tensor == nullptr) continue;
    add_tensor(*this, tensor->name, reinterpret_cast<const float*>(tensor->data.data()),
               tensor->shape);
  }
  // Now that the names no longer move.
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].name = names[i].c_str();
}

extern "C" {

allconv_status allconv_model_load(const char* path, allconv_model** model) {
  return api::call([&] {
    api::require(path, "path");
    api::require(model, "model");
    *model = new allconv_model(allconv::read_model(path));
  });
}

allconv_status allconv_model_save(const allconv_model* model, const char* path) {
  return api::call([&] {
    api::require(model, "model");
    api::require(path, "path");
    write_model(*model->model, path);
  });
}

void allconv_model_free(allconv_model* model) { delete model; }

allconv_status allconv_model_create(const allconv_model_parts* parts, allconv_model** model) {
  return api::call([&] {
    api::require(parts, "parts");
    api::require(model, "model");
    *model = new allconv_model(api::make_model(api::take_options(parts)));
  });
}

allconv_status allconv_model_with_classes(const allconv_model* model, const char* const* classes,
                                          size_t class_count, uint64_t seed,
                                          allconv_model** result) {
  return api::call([&] {
    api::require(model, "model");
    api::require(classes, "classes");
    api::require(result, "result");
    std::vector<std::string> names;
    for (size_t i = 0; i < class_count; ++i) {
      api::require(classes[i], "classes[" + std::to_string(i) + "]");
      names.emplace_back(classes[i]);
    }
    *result = new allconv_model(api::with_classes(*model->model, names, seed));
  });
}

const char* allconv_model_network(const allconv_model* model) { return model->network.c_str(); }

const char* allconv_model_preparation(const allconv_model* model) {
  return model->preparation.c_str();
}

int32_t allconv_model_height(const allconv_model* model) {
  return model->model->network.input.height;
}

int32_t allconv_model_width(const allconv_model* model) {
  return model->model->network.input.width;
}

size_t allconv_model_class_count(const allconv_model* model) {
  return model->model->classes.size();
}

const char* allconv_model_class_name(const allconv_model* model, size_t index) {
  return index < model->model->classes.size() ? model->model->classes[index].c_str() : nullptr;
}

size_t allconv_model_tensor_count(const allconv_model* model) { return model->tensors.size(); }

allconv_status allconv_model_tensor(const allconv_model* model, size_t index,
                                    allconv_tensor* tensor) {
  return api::call([&] {
    api::require(model, "model");
    api::require(tensor, "tensor");
    if (index >= model->tensors.size()) {
      throw allconv::Error(allconv::ErrorKind::usage, "the model has no such tensor",
                           std::to_string(index),
                           "give an index below " + std::to_string(model->tensors.size()));
    }
    *tensor = model->tensors[index];
  });
}
}
