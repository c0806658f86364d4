#include "tests/operations/suite/tensors.hpp"

#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/operations/suite/reduced.hpp"

namespace allconv::suite {

namespace {

std::size_t element_bytes(Element element) {
  switch (element) {
    case Element::u8: return 1;
    case Element::f16:
    case Element::bf16: return 2;
    default: return 4;
  }
}

template <class Type>
Type load(std::span<const std::byte> bytes, std::size_t i) {
  Type value;
  std::memcpy(&value, bytes.data() + i * sizeof(Type), sizeof(Type));
  return value;
}

template <class Type>
void append(std::vector<std::byte>& bytes, Type value) {
  const auto more = std::as_bytes(std::span(&value, 1));
  bytes.insert(bytes.end(), more.begin(), more.end());
}

void append_rounded(std::vector<std::byte>& bytes, Element element, float value) {
  switch (element) {
    case Element::f16: return append(bytes, f16_bits(value));
    case Element::bf16: return append(bytes, bf16_bits(value));
    case Element::f32: return append(bytes, value);
    default: throw std::logic_error("only floats are rounded");
  }
}

}  // namespace

std::size_t Tensor::bytes() const { return count * element_bytes(element); }

std::string Tensor::describe(std::size_t element_index, double value) const {
  std::ostringstream text;
  text.precision(9);
  text << name << "[" << element_index << "] = " << value;
  return text.str();
}

double element_at(Element element, std::span<const std::byte> bytes, std::size_t i) {
  switch (element) {
    case Element::f32: return load<float>(bytes, i);
    case Element::f16: return f16_value(load<std::uint16_t>(bytes, i));
    case Element::bf16: return bf16_value(load<std::uint16_t>(bytes, i));
    case Element::u8: return load<std::uint8_t>(bytes, i);
    case Element::i32: return load<std::int32_t>(bytes, i);
  }
  throw std::logic_error("an element type without a reader");
}

Tensor& TensorList::add(std::string_view name, Role role, Element element,
                        std::span<const std::byte> initial) {
  Tensor tensor;
  tensor.name = name;
  tensor.role = role;
  tensor.element = element;
  tensor.initial.assign(initial.begin(), initial.end());
  tensor.count = initial.size() / element_bytes(element);
  return tensors_.emplace_back(std::move(tensor));
}

Tensor& TensorList::input(std::string_view name, std::span<const float> values) {
  return add(name, Role::input, Element::f32, std::as_bytes(values));
}

Tensor& TensorList::input(std::string_view name, std::span<const std::uint8_t> values) {
  return add(name, Role::input, Element::u8, std::as_bytes(values));
}

Tensor& TensorList::input(std::string_view name, std::span<const std::int32_t> values) {
  return add(name, Role::input, Element::i32, std::as_bytes(values));
}

Tensor& TensorList::updated(std::string_view name, std::span<const float> values) {
  return add(name, Role::updated, Element::f32, std::as_bytes(values));
}

Tensor& TensorList::updated(std::string_view name, std::span<const std::int32_t> values) {
  return add(name, Role::updated, Element::i32, std::as_bytes(values));
}

Tensor& TensorList::output(std::string_view name, std::int64_t count, Element element) {
  Tensor& tensor = add(name, Role::output, element, {});
  tensor.count = static_cast<std::size_t>(count);
  return tensor;
}

Tensor& TensorList::operand_and_result(std::string_view operand, std::string_view result,
                                       std::span<const float> values, const Pair& pair) {
  if (!pair.in_place) {
    input(operand, values).stored_as(pair.storage).per_image = pair.per_image;
  }
  Tensor& tensor = pair.in_place ? updated(result, values)
                                 : output(result, static_cast<std::int64_t>(values.size()));
  tensor.stored_as(pair.storage).per_image = pair.per_image;
  return tensor;
}

const Tensor& TensorList::at(std::string_view name) const {
  for (const Tensor& tensor : tensors_) {
    if (tensor.name == name) return tensor;
  }
  throw std::logic_error("no tensor is named " + std::string(name));
}

template <class Real>
std::vector<Real> TensorList::values(std::string_view name) const {
  const Tensor& tensor = at(name);
  std::vector<Real> result(tensor.initial.empty() ? 0 : tensor.count);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<Real>(element_at(tensor.element, tensor.initial, i));
  }
  return result;
}

template std::vector<float> TensorList::values(std::string_view) const;
template std::vector<double> TensorList::values(std::string_view) const;
template std::vector<std::uint8_t> TensorList::values(std::string_view) const;
template std::vector<std::int32_t> TensorList::values(std::string_view) const;

TensorList TensorList::one_image(int image, int images) const {
  TensorList result = *this;
  for (Tensor& tensor : result.tensors_) {
    if (!tensor.per_image) continue;
    tensor.count /= static_cast<std::size_t>(images);
    if (tensor.initial.empty()) continue;
    const std::span<const std::byte> whole = at(tensor.name).initial;
    const auto slice =
        whole.subspan(tensor.bytes() * static_cast<std::size_t>(image), tensor.bytes());
    tensor.initial.assign(slice.begin(), slice.end());
  }
  return result;
}

TensorList TensorList::with_factors_rounded(const std::function<float(float)>& round) const {
  TensorList result = *this;
  for (Tensor& tensor : result.tensors_) {
    if (tensor.storage != Storage::map && !tensor.packed) continue;
    tensor.initial.clear();
    for (const float value : values<float>(tensor.name)) append(tensor.initial, round(value));
  }
  return result;
}

TensorList TensorList::with_elements(Storage storage, Element element) const {
  TensorList result = *this;
  for (Tensor& tensor : result.tensors_) {
    if (tensor.storage != storage) continue;
    tensor.element = element;
    tensor.initial.clear();
    for (const float value : values<float>(tensor.name)) {
      append_rounded(tensor.initial, element, value);
    }
  }
  return result;
}

std::vector<double> absolute(std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  return values;
}

Bench::Bench(const Memories& memories) {
  for (const auto& [name, memory] : memories) place(name, memory.data());
}

std::byte* Bench::at(std::string_view name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) throw std::logic_error("no tensor is named " + std::string(name));
  return found->second;
}

}  // namespace allconv::suite
