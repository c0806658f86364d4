#include "tests/simt/operations/device_types.hpp"

#include <algorithm>

#include "tests/operations/suite/reduced.hpp"

namespace allconv::suite {

namespace {

using kernels::DeviceTypes;
using kernels::Precision;

bool has(const TensorList& tensors, Storage storage) {
  const auto& all = tensors.all();
  return std::any_of(all.begin(), all.end(),
                     [storage](const Tensor& tensor) { return tensor.storage == storage; });
}

Element element_of(Precision precision) {
  switch (precision) {
    case Precision::fp16: return Element::f16;
    case Precision::bf16: return Element::bf16;
    default: return Element::f32;
  }
}

}  // namespace

std::vector<DeviceTypes> device_types(const TensorList& tensors, bool multiplies_maps) {
  const bool has_maps = has(tensors, Storage::map), has_rows = has(tensors, Storage::row);
  std::vector<DeviceTypes> types{{}};
  if (multiplies_maps) types.push_back({.map = Precision::tf32, .row = Precision::tf32});
  for (const Precision precision : {Precision::fp16, Precision::bf16}) {
    if (has_maps || has_rows) types.push_back({.map = precision, .row = precision});
    if (has_maps && has_rows) types.push_back({.map = precision, .row = Precision::fp32});
  }
  return types;
}

std::string to_text(const DeviceTypes& types) {
  const std::string map(kernels::to_string(types.map));
  return types.row == types.map ? map : map + "-rows-" + std::string(kernels::to_string(types.row));
}

TensorList as_on_device(const TensorList& tensors, const DeviceTypes& types) {
  constexpr int kTf32Digits = 11;
  const TensorList multiplied = tensors.with_factors_rounded([&types](float value) {
    return types.map == Precision::tf32 ? with_binary_digits(value, kTf32Digits)
                                        : as_stored(element_of(types.map), value);
  });
  return multiplied.with_elements(Storage::map, element_of(types.map))
      .with_elements(Storage::row, element_of(types.row));
}

}  // namespace allconv::suite
