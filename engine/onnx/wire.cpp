#include "engine/onnx/wire.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <climits>
#include <exception>
#include <optional>
#include <span>
#include <utility>

#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"
#include "onnx.pb.h"

namespace allconv::onnx_format {

namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CopyingInputStreamAdaptor;

constexpr std::int64_t kMaxFileBytes = INT_MAX;  // protobuf's own limit
// Of all but weights, texts of metadata and comments. An empty message of two bytes takes up to 300
// in memory, so this is what bounds the memory of a file that is not what it seems.
constexpr std::int64_t kMaxStructureBytes = 1 << 21;
constexpr int kMaxNodes = 4096;     // of a graph
constexpr int kMaxEntries = 16384;  // tensors, inputs, outputs, metadata
constexpr int kMaxParts = 64;       // inputs, outputs, attributes of a node; extents of a tensor

[[noreturn]] void refuse(const std::string& path, std::string_view what, std::string_view mend) {
  throw Error(ErrorKind::model, what, path, mend);
}

void limit_count(const std::string& path, int count, int most, std::string_view what) {
  if (count > most)
    refuse(path, fmt::format("there are {} {}", count, what), fmt::format("use at most {}", most));
}

// The file as protobuf wants it, which is told of an error by a number: what it was is kept, not
// thrown through protobuf's code. Used by one stream.
class FileStream final : public google::protobuf::io::CopyingInputStream {
 public:
  explicit FileStream(const InputFile& file) : file_(file) {}

  int Read(void* buffer, int size) override {  // NOLINT(readability-identifier-naming)
    const std::span<std::byte> bytes(static_cast<std::byte*>(buffer),
                                     static_cast<std::size_t>(size));
    try {
      const std::size_t count = file_.read_some_at(offset_, bytes);
      offset_ += static_cast<std::int64_t>(count);
      return static_cast<int>(count);
    } catch (const Error&) {
      failure_ = std::current_exception();
      return -1;
    }
  }

  int Skip(int count) override {  // NOLINT(readability-identifier-naming)
    const std::int64_t skipped = std::clamp<std::int64_t>(file_.size() - offset_, 0, count);
    offset_ += skipped;
    return static_cast<int>(skipped);
  }

  // Throws the Error of a read that failed.
  void check() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const InputFile& file_;  // borrowed
  std::int64_t offset_ = 0;
  std::exception_ptr failure_;
};

// Where the bytes lie that are copied as they stand, and thus need no more memory than in the file.
enum class Inside { model, graph, node, tensor, entry, payload, other };

Inside inside_of(Inside message, int field) {
  using enum Inside;
  struct Place {
    Inside message;
    int field;
    Inside inside;
  };
  constexpr Place kPlaces[] = {{model, onnx::ModelProto::kGraphFieldNumber, graph},
                               {model, onnx::ModelProto::kMetadataPropsFieldNumber, entry},
                               {graph, onnx::GraphProto::kNodeFieldNumber, node},
                               {graph, onnx::GraphProto::kInitializerFieldNumber, tensor},
                               {node, onnx::NodeProto::kDocStringFieldNumber, payload},
                               {tensor, onnx::TensorProto::kRawDataFieldNumber, payload},
                               {tensor, onnx::TensorProto::kFloatDataFieldNumber, payload},
                               {tensor, onnx::TensorProto::kDoubleDataFieldNumber, payload},
                               {entry, onnx::StringStringEntryProto::kValueFieldNumber, payload}};
  const auto* const found = std::find_if(
      std::begin(kPlaces), std::end(kPlaces),
      [&](const Place& place) { return place.message == message && place.field == field; });
  return found == std::end(kPlaces) ? other : found->inside;
}

// Bytes of payload inside a message; nothing where it is damaged.
std::optional<std::int64_t> payload_bytes(CodedInputStream& stream, Inside message) {
  std::int64_t payload = 0;
  while (const std::uint32_t tag = stream.ReadTag()) {
    const Inside inside = inside_of(message, WireFormatLite::GetTagFieldNumber(tag));
    const bool has_length =
        WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (inside == Inside::other || !has_length) {
      if (!WireFormatLite::SkipField(&stream, tag)) return std::nullopt;
      continue;
    }
    int length = 0;
    if (!stream.ReadVarintSizeAsInt(&length)) return std::nullopt;
    if (inside == Inside::payload) {
      if (!stream.Skip(length)) return std::nullopt;
      payload += length;
      continue;
    }
    const CodedInputStream::Limit limit = stream.PushLimit(length);
    const auto more = payload_bytes(stream, inside);
    if (!more) return std::nullopt;
    stream.PopLimit(limit);
    payload += *more;
  }
  return stream.ConsumedEntireMessage() ? std::optional(payload) : std::nullopt;
}

// Before any of it is kept.
void check_structure(const InputFile& file) {
  if (file.size() > kMaxFileBytes) {
    refuse(file.path(), fmt::format("it has {} bytes, more than an ONNX file can", file.size()),
           "give an ONNX file");
  }
  FileStream bytes(file);
  CopyingInputStreamAdaptor adaptor(&bytes);
  CodedInputStream stream(&adaptor);
  const auto payload = payload_bytes(stream, Inside::model);
  bytes.check();
  if (!payload) refuse(file.path(), "not a whole ONNX file", "give one that is");
  if (const std::int64_t structure = file.size() - *payload; structure > kMaxStructureBytes) {
    refuse(file.path(),
           fmt::format("it has {} bytes beside its weights, more than {}", structure,
                       kMaxStructureBytes),
           "export the weights as initializers of type float");
  }
}

template <class Element>
std::string bytes_of(const google::protobuf::RepeatedField<Element>& elements) {
  const auto bytes = std::as_bytes(std::span(elements.data(), std::size_t(elements.size())));
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Where the elements of a tensor are not in it as bytes or numbers.
std::string_view why_unusable(const onnx::TensorProto& tensor) {
  if (tensor.data_location() != onnx::TensorProto::DEFAULT || tensor.external_data_size() > 0)
    return "its numbers lie in another file: no external data are taken";
  if (tensor.has_segment()) return "it is a part of a tensor";
  if (tensor.string_data_size() > 0) return "it holds strings";
  if (tensor.int32_data_size() > 0 || tensor.uint64_data_size() > 0)
    return "its elements are not stored as raw_data";
  return {};
}

Tensor tensor_of(const std::string& path, onnx::TensorProto& proto) {
  limit_count(path, proto.dims_size(), kMaxParts, "extents of an initializer");
  Tensor tensor = {.name = std::move(*proto.mutable_name()),
                   .type = proto.data_type(),
                   .dims = {proto.dims().begin(), proto.dims().end()},
                   .data = std::move(*proto.mutable_raw_data()),
                   .unusable = why_unusable(proto)};
  if (!tensor.data.empty()) return tensor;
  if (tensor.type == kFloat) tensor.data = bytes_of(proto.float_data());
  if (tensor.type == kDouble) tensor.data = bytes_of(proto.double_data());
  if (tensor.type == kInt64) tensor.data = bytes_of(proto.int64_data());
  proto.Clear();
  return tensor;
}

AttributeValue value_of(onnx::AttributeProto& attribute) {
  switch (attribute.type()) {
    case onnx::AttributeProto::INT: return attribute.i();
    case onnx::AttributeProto::FLOAT: return attribute.f();
    case onnx::AttributeProto::STRING: return std::move(*attribute.mutable_s());
    case onnx::AttributeProto::INTS:
      return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
    default: return {};
  }
}

Node node_of(const std::string& path, onnx::NodeProto& proto) {
  limit_count(path, proto.input_size(), kMaxParts, "inputs of a node");
  limit_count(path, proto.output_size(), kMaxParts, "outputs of a node");
  limit_count(path, proto.attribute_size(), kMaxParts, "attributes of a node");
  Node node = {.name = std::move(*proto.mutable_name()),
               .operation = std::move(*proto.mutable_op_type()),
               .domain = std::move(*proto.mutable_domain()),
               .inputs = {proto.input().begin(), proto.input().end()},
               .outputs = {proto.output().begin(), proto.output().end()},
               .attributes = {}};
  for (onnx::AttributeProto& attribute : *proto.mutable_attribute())
    node.attributes.push_back({std::move(*attribute.mutable_name()), value_of(attribute)});
  if (node.domain == "ai.onnx") node.domain.clear();
  return node;
}

Value graph_value_of(const std::string& path, const onnx::ValueInfoProto& proto) {
  Value value = {.name = proto.name(), .type = 0, .dims = {}};
  if (!proto.type().has_tensor_type()) return value;
  const onnx::TypeProto::Tensor& tensor = proto.type().tensor_type();
  limit_count(path, tensor.shape().dim_size(), kMaxParts, "extents of an input or output");
  value.type = tensor.elem_type();
  for (const auto& extent : tensor.shape().dim())
    value.dims.push_back(extent.has_dim_value() ? extent.dim_value() : kAnyExtent);
  return value;
}

void check_parts(const std::string& path, const onnx::ModelProto& proto) {
  const onnx::GraphProto& graph = proto.graph();
  if (proto.ir_version() < 3 || !proto.has_graph())
    refuse(path, "not an ONNX file: it has no version or no graph", "give an ONNX file");
  if (proto.training_info_size() > 0)
    refuse(path, "it holds a training (training_info)", "export the network for inference");
  if (proto.functions_size() > 0)
    refuse(path, "it defines functions", "export the network with ONNX's own operations");
  if (graph.sparse_initializer_size() > 0)
    refuse(path, "it holds sparse initializers", "export the weights as plain initializers");
  if (graph.quantization_annotation_size() > 0)
    refuse(path, "its graph is quantised", "export the network in float");
  limit_count(path, graph.node_size(), kMaxNodes, "nodes");
  limit_count(path, graph.initializer_size(), kMaxEntries, "initializers");
  limit_count(path, graph.input_size(), kMaxEntries, "inputs");
  limit_count(path, graph.output_size(), kMaxEntries, "outputs");
  limit_count(path, proto.metadata_props_size(), kMaxEntries, "metadata");
}

void set_attribute(onnx::AttributeProto& proto, const Attribute& attribute) {
  proto.set_name(attribute.name);
  if (const auto* integer = std::get_if<std::int64_t>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(*integer);
  } else if (const auto* number = std::get_if<float>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(*number);
  } else if (const auto* word = std::get_if<std::string>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(*word);
  } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::INTS);
    proto.mutable_ints()->Add(integers->begin(), integers->end());
  }
}

void set_value(onnx::ValueInfoProto& proto, const Value& value) {
  proto.set_name(value.name);
  onnx::TypeProto::Tensor& tensor = *proto.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(value.type);
  for (const std::int64_t extent : value.dims) {
    auto& dim = *tensor.mutable_shape()->add_dim();
    if (extent == kAnyExtent) dim.set_dim_param("N");
    if (extent != kAnyExtent) dim.set_dim_value(extent);
  }
}

// Takes the tensors' bytes along: there is one copy of them.
void set_graph(onnx::GraphProto& proto, File& file) {
  proto.set_name(file.graph_name);
  for (const Value& value : file.inputs) set_value(*proto.add_input(), value);
  for (const Value& value : file.outputs) set_value(*proto.add_output(), value);
  for (const Node& node : file.nodes) {
    onnx::NodeProto& added = *proto.add_node();
    added.set_name(node.name);
    added.set_op_type(node.operation);
    added.set_domain(node.domain);
    added.mutable_input()->Add(node.inputs.begin(), node.inputs.end());
    added.mutable_output()->Add(node.outputs.begin(), node.outputs.end());
    for (const Attribute& attribute : node.attributes)
      set_attribute(*added.add_attribute(), attribute);
  }
  for (Tensor& tensor : file.tensors) {
    onnx::TensorProto& added = *proto.add_initializer();
    added.set_name(tensor.name);
    added.set_data_type(tensor.type);
    added.mutable_dims()->Add(tensor.dims.begin(), tensor.dims.end());
    added.set_raw_data(std::move(tensor.data));
  }
}

}  // namespace

File read_file(const std::string& path) {
  const InputFile opened(path);
  check_structure(opened);
  onnx::ModelProto proto;
  FileStream bytes(opened);
  CopyingInputStreamAdaptor stream(&bytes);
  const bool is_whole = proto.ParsePartialFromZeroCopyStream(&stream);
  bytes.check();
  if (!is_whole) refuse(path, "not a whole ONNX file", "give one that is");
  check_parts(path, proto);

  File file;
  file.version = proto.ir_version();
  for (const onnx::OperatorSetIdProto& set : proto.opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") file.operation_set = set.version();
  }
  for (onnx::StringStringEntryProto& entry : *proto.mutable_metadata_props()) {
    const bool is_new =
        file.metadata.try_emplace(entry.key(), std::move(*entry.mutable_value())).second;
    if (!is_new) refuse(path, "two metadata have the key " + entry.key(), "leave one of them out");
  }
  onnx::GraphProto& graph = *proto.mutable_graph();
  file.graph_name = graph.name();
  for (const auto& input : graph.input()) file.inputs.push_back(graph_value_of(path, input));
  for (const auto& output : graph.output()) file.outputs.push_back(graph_value_of(path, output));
  for (auto& node : *graph.mutable_node()) file.nodes.push_back(node_of(path, node));
  for (auto& tensor : *graph.mutable_initializer()) file.tensors.push_back(tensor_of(path, tensor));
  return file;
}

void write_file(File file, const std::string& path) {
  onnx::ModelProto proto;
  proto.set_ir_version(file.version);
  proto.set_producer_name("allconv");
  proto.add_opset_import()->set_version(file.operation_set);
  for (const auto& [key, value] : file.metadata) {
    onnx::StringStringEntryProto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  set_graph(*proto.mutable_graph(), file);
  if (const std::size_t bytes = proto.ByteSizeLong(); bytes > std::size_t{kMaxFileBytes}) {
    throw Error(ErrorKind::io,
                fmt::format("it would have {} bytes, more than an ONNX file can", bytes), path,
                "use a network with fewer weights");
  }
  write_file_atomically(path, proto.SerializePartialAsString());
}

}  // namespace allconv::onnx_format
