#include "engine/onnx/tensor_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

#include "engine/support/error.hpp"

namespace allconv::onnx_format {

namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they stand");

struct Type {
  int number;
  std::string_view name;
  std::string_view dtype;  // of safetensors
  int bytes;               // an element
};

constexpr Type kTypes[] = {{kFloat, "float", "F32", 4},
                           {2, "uint8", "U8", 1},
                           {3, "int8", "I8", 1},
                           {4, "uint16", "U16", 2},
                           {5, "int16", "I16", 2},
                           {6, "int32", "I32", 4},
                           {kInt64, "int64", "I64", 8},
                           {kBool, "bool", "BOOL", 1},
                           {kFloat16, "float16", "F16", 2},
                           {kDouble, "double", "F64", 8},
                           {12, "uint32", "U32", 4},
                           {13, "uint64", "U64", 8},
                           {14, "complex64", "C64", 8},
                           {kBfloat16, "bfloat16", "BF16", 2}};

[[noreturn]] void refuse(const std::string& where, std::string_view what, std::string_view mend) {
  throw Error(ErrorKind::model, what, where, mend);
}

// Null for a type that model files do not have.
const Type* find_type(int number) {
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const Type& type) { return type.number == number; });
  return found == std::end(kTypes) ? nullptr : found;
}

// IEEE 754's binary16, whose numbers floats hold exactly.
float float_of_half(std::uint16_t bits) {
  constexpr int kFractionBits = 10;
  constexpr int kBias = 15;
  const int exponent = bits >> kFractionBits & 31;
  const int fraction = bits & 1023;
  float magnitude = std::ldexp(static_cast<float>(fraction), 1 - kBias - kFractionBits);
  if (exponent > 0)
    magnitude = std::ldexp(static_cast<float>(1024 + fraction), exponent - kBias - kFractionBits);
  if (exponent == 31) magnitude = std::numeric_limits<float>::infinity();
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

float float_of_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// Of elements that may lie anywhere.
template <class Element, class Convert>
std::vector<float> converted(const std::string& data, const Convert& convert) {
  std::vector<float> floats(data.size() / sizeof(Element));
  for (std::size_t i = 0; i < floats.size(); ++i) {
    Element element;
    std::memcpy(&element, data.data() + i * sizeof(Element), sizeof(Element));
    floats[i] = convert(element);
  }
  return floats;
}

std::vector<float> numbers_of(const Tensor& tensor) {
  switch (tensor.type) {
    case kFloat16: return converted<std::uint16_t>(tensor.data, float_of_half);
    case kBfloat16: return converted<std::uint16_t>(tensor.data, float_of_bfloat16);
    case kDouble:
      return converted<double>(tensor.data, [](double value) { return static_cast<float>(value); });
    default: return converted<float>(tensor.data, [](float value) { return value; });
  }
}

}  // namespace

std::string type_name(int type) {
  const Type* found = find_type(type);
  return found == nullptr ? fmt::format("type {}", type) : std::string(found->name);
}

std::string_view dtype_of(int type) {
  const Type* found = find_type(type);
  return found == nullptr ? std::string_view() : found->dtype;
}

int type_of(std::string_view dtype) {
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const Type& type) { return type.dtype == dtype; });
  return found == std::end(kTypes) ? 0 : found->number;
}

bool is_whole(const Tensor& tensor) {
  const Type* type = find_type(tensor.type);
  if (type == nullptr || !tensor.unusable.empty()) return false;
  if (std::any_of(tensor.dims.begin(), tensor.dims.end(), [](auto extent) { return extent < 0; }))
    return false;
  if (std::find(tensor.dims.begin(), tensor.dims.end(), 0) != tensor.dims.end())
    return tensor.data.empty();
  // What remains of the bytes when they are dealt out to the extents: an element, at the end.
  auto bytes = static_cast<std::int64_t>(tensor.data.size());
  for (const std::int64_t extent : tensor.dims) {
    if (bytes % extent != 0) return false;
    bytes /= extent;
  }
  return bytes == type->bytes;
}

void check_floats(const Tensor& tensor, const std::string& where) {
  if (!tensor.unusable.empty()) refuse(where, tensor.unusable, "store it in the file, as raw_data");
  if (tensor.type != kFloat && tensor.type != kFloat16 && tensor.type != kDouble &&
      tensor.type != kBfloat16) {
    refuse(where, fmt::format("its type is {}", type_name(tensor.type)),
           "store it as float, float16, bfloat16 or double");
  }
  if (!is_whole(tensor)) {
    refuse(where,
           fmt::format("its {} bytes are not those of shape ({})", tensor.data.size(),
                       fmt::join(tensor.dims, ", ")),
           "give a whole ONNX file");
  }
}

std::vector<float> floats_of(const Tensor& tensor, const std::string& where) {
  check_floats(tensor, where);
  std::vector<float> floats = numbers_of(tensor);
  if (!std::all_of(floats.begin(), floats.end(), [](float value) { return std::isfinite(value); }))
    refuse(where, "it holds numbers that are not finite in float", "give weights that are");
  return floats;
}

}  // namespace allconv::onnx_format
