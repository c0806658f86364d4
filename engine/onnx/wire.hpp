// An ONNX file as plain data: the part of the format that this program knows. wire.cpp alone sees
// protobuf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace allconv::onnx_format {

// Numbers of the format's TensorProto.DataType.
inline constexpr int kFloat = 1, kInt64 = 7, kBool = 9, kFloat16 = 10, kDouble = 11, kBfloat16 = 16;

struct Tensor {
  std::string name;
  int type = 0;
  std::vector<std::int64_t> dims;
  std::string data;                // elements as they stand, little-endian
  std::string_view unusable = {};  // a clause that says why there are no `data`; mostly empty
};

// Nothing where it is none of these: a tensor, a graph, ...
using AttributeValue =
    std::variant<std::monostate, std::int64_t, float, std::string, std::vector<std::int64_t>>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

struct Node {
  std::string name;
  std::string operation;
  std::string domain;  // empty for ONNX's own operations
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;
};

inline constexpr std::int64_t kAnyExtent = -1;

// An input or output of the graph: a tensor, or of type 0.
struct Value {
  std::string name;
  int type = 0;
  std::vector<std::int64_t> dims;  // kAnyExtent where it is symbolic or not known
};

struct File {
  std::int64_t version = 0;        // of the format: ir_version
  std::int64_t operation_set = 0;  // of ONNX's own operations; 0: not told
  std::map<std::string, std::string> metadata;
  std::string graph_name;
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::vector<Node> nodes;
  std::vector<Tensor> tensors;  // initializers
};

// Throws Error{io} when the file cannot be read, Error{model} when it is not an ONNX file, or one
// with parts that no network here has: functions, sparse tensors, a training. Memory stays within a
// small multiple of the file's size, and without weights within some hundred MB.
File read_file(const std::string& path);

// Writes atomically. Throws Error{io}, also for more bytes than the format takes.
void write_file(File file, const std::string& path);

}  // namespace allconv::onnx_format
