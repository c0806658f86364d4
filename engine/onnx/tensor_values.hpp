// The elements of ONNX tensors, and the types that ONNX and model files share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/onnx/wire.hpp"

namespace allconv::onnx_format {

// "float", "int8", ...: as ONNX names a type; "type 99" for others.
std::string type_name(int type);

// The safetensors type of the same elements, "F32"; empty where there is none.
std::string_view dtype_of(int type);

// The ONNX type of a safetensors type; 0 where there is none.
int type_of(std::string_view dtype);

// Whether the tensor has the bytes of all its elements, in a type that model files know.
bool is_whole(const Tensor& tensor);

// Whether floats_of() can begin: a tensor of one of ONNX's four floating types with the bytes of
// all its elements. Throws Error{model} that begins with `where`.
void check_floats(const Tensor& tensor, const std::string& where);

// The elements rounded to float: of doubles the nearest. Throws as check_floats(), and for numbers
// that are not finite.
std::vector<float> floats_of(const Tensor& tensor, const std::string& where);

}  // namespace allconv::onnx_format
