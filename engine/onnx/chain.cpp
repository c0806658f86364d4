#include "engine/onnx/chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "engine/onnx/tensor_values.hpp"
#include "engine/onnx/window.hpp"
#include "engine/support/error.hpp"
#include "engine/support/text.hpp"

namespace allconv::onnx_format {

namespace {

constexpr std::string_view kTaken =
    "Conv, Relu, LeakyRelu, MaxPool, GlobalAveragePool, Flatten, Softmax, Dropout and Identity are "
    "taken";
constexpr std::int64_t kLeastOperationSet = 7;         // before, Dropout drops where it stands
constexpr std::int64_t kSetOfSoftmaxOverOneAxis = 13;  // before, over all from its axis on
constexpr float kDefaultLeak = 0.01F;
constexpr float kDefaultRate = 0.5F;

// The shortest decimal fraction that rounds to the float: what was meant by it.
double meant_by(float number) {
  double meant = 0;
  const std::string text = fmt::format("{}", number);
  std::from_chars(text.data(), text.data() + text.size(), meant);
  return meant;
}

// Walks the nodes with the shape of the value that the last of them made.
class ChainReader {
 public:
  ChainReader(const File& file, const TensorIndex& tensors, const std::string& path)
      : file_(file), tensors_(tensors), path_(path) {}

  Chain read();

 private:
  [[noreturn]] void refuse(std::string_view what, std::string_view mend) const {
    throw Error(ErrorKind::model, what, path_, mend);
  }
  void begin();
  void add(const NodeReader& reader);
  void add_map_operation(const NodeReader& reader);
  void add_convolution(const NodeReader& reader);
  void add_pool(const NodeReader& reader);
  void add_dropout(const NodeReader& reader);
  void flatten(const NodeReader& reader);
  void add_softmax(const NodeReader& reader);
  void check_ends() const;
  void end();
  void name_convolutions();

  const File& file_;
  const TensorIndex& tensors_;
  const std::string& path_;
  Chain chain_;
  std::string value_;               // the name of what was made last
  std::set<std::string> logits_;    // names of what enters the softmax
  Shape shape_;                     // of one image's value
  bool flat_ = false;               // (N, C) instead of (N, C, 1, 1)
  std::vector<std::string> names_;  // of convolutions, as the file suggests
};

void ChainReader::begin() {
  if (file_.operation_set < kLeastOperationSet) {
    refuse(fmt::format("its operations are of set {}", file_.operation_set),
           fmt::format("sets from {} on are taken", kLeastOperationSet));
  }
  // In old files initializers are inputs too.
  std::vector<const Value*> inputs;
  for (const Value& input : file_.inputs) {
    if (!tensors_.contains(input.name)) inputs.push_back(&input);
  }
  if (inputs.size() != 1)
    refuse(fmt::format("its graph has {} inputs", inputs.size()), "one is taken: the image");
  const Value& input = *inputs.front();
  const std::string where = fmt::format("{}: input {}", path_, to_utf8(input.name));
  if (input.type != kFloat || input.dims.size() != 4 || input.dims[1] != 3) {
    throw Error(ErrorKind::model, "it is not a batch of RGB images", where,
                "float of shape (N, 3, height, width) is taken");
  }
  for (const std::int64_t extent : {input.dims[2], input.dims[3]}) {
    if (extent == kAnyExtent)
      throw Error(ErrorKind::model, "height or width are open", where, "export a fixed size");
    if (extent < 1 || extent > kMaxExtent) {
      throw Error(ErrorKind::model, fmt::format("its height or width is {}", extent), where,
                  fmt::format("numbers from 1 to {} are taken", kMaxExtent));
    }
  }
  shape_ = {.channels = 3,
            .height = static_cast<int>(input.dims[2]),
            .width = static_cast<int>(input.dims[3])};
  chain_.network.input = shape_;
  value_ = input.name;
}

void ChainReader::add_convolution(const NodeReader& reader) {
  reader.allow({"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}, 3);
  reader.only("group", 1);
  const Tensor* weights = reader.tensor(1);
  if (weights == nullptr) reader.refuse("it has no weights", "give a valid ONNX file");
  const std::vector<std::int64_t>& dims = weights->dims;
  if (dims.size() != 4 || dims[1] != shape_.channels ||
      std::any_of(dims.begin(), dims.end(), [](auto dim) { return dim < 1 || dim > kMaxExtent; })) {
    reader.refuse(fmt::format("its weights have the shape ({}), its input {} channels",
                              fmt::join(dims, ", "), shape_.channels),
                  "give a convolution of images");
  }
  const int filters = static_cast<int>(dims[0]);
  const std::array kernel = {static_cast<int>(dims[2]), static_cast<int>(dims[3])};
  const std::vector<std::int64_t> said = reader.integers("kernel_shape");
  if (!said.empty() && !std::equal(said.begin(), said.end(), kernel.begin(), kernel.end()))
    reader.refuse("its kernel_shape is not that of its weights", "give a valid ONNX file");
  const Tensor* bias = reader.tensor(2);
  if (bias != nullptr && bias->dims != std::vector<std::int64_t>{filters}) {
    reader.refuse(fmt::format("its bias has the shape ({})", fmt::join(bias->dims, ", ")),
                  fmt::format("give {} numbers", filters));
  }
  const Window window = window_of(reader, kernel, shape_);
  shape_ = slide(reader, window, shape_, filters);
  chain_.network.layers.emplace_back(Conv2dLayer{.name = fmt::format("conv{}", names_.size() + 1),
                                                 .filters = filters,
                                                 .kernel = kernel,
                                                 .stride = window.stride,
                                                 .padding = window.padding});
  chain_.convolutions.push_back({weights, bias});
  constexpr std::string_view kSuffix = ".weight";
  const std::string& tensor_name = reader.node().inputs[1];
  names_.push_back(tensor_name.ends_with(kSuffix)
                       ? tensor_name.substr(0, tensor_name.size() - kSuffix.size())
                       : reader.node().name);
}

void ChainReader::add_pool(const NodeReader& reader) {
  reader.allow(
      {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"},
      1);
  reader.only("ceil_mode", 0);
  reader.only("storage_order", 0);
  if (reader.integers("kernel_shape").empty())
    reader.refuse("it has no kernel_shape", "give a valid ONNX file");
  const Window window = window_of(reader, reader.extents<2>("kernel_shape", 1, 1), shape_);
  shape_ = slide(reader, window, shape_, shape_.channels);
  chain_.network.layers.emplace_back(MaxPoolLayer{window.kernel, window.stride, window.padding});
}

// The rate and the mode are attributes in old files and inputs in new ones.
void ChainReader::add_dropout(const NodeReader& reader) {
  reader.allow({"ratio", "seed"}, 3);
  float rate = reader.number("ratio", kDefaultRate);
  if (const Tensor* ratio = reader.tensor(1)) {
    const std::vector<float> numbers = floats_of(*ratio, reader.where() + ": ratio");
    if (numbers.size() != 1) reader.refuse("its ratio is not one number", "give one");
    rate = numbers.front();
  }
  const Tensor* mode = reader.tensor(2);
  if (mode != nullptr && (!is_whole(*mode) || mode->data != std::string(1, '\0'))) {
    reader.refuse("its training_mode is not false", "export the network for inference");
  }
  if (!(rate >= 0 && rate < 1))
    reader.refuse(fmt::format("its ratio is {}", rate), "at least 0 and below 1 is taken");
  chain_.network.layers.emplace_back(DropoutLayer{meant_by(rate)});
}

void ChainReader::flatten(const NodeReader& reader) {
  reader.allow({"axis"}, 1);
  const std::int64_t axis = reader.integer("axis", 1);
  const std::int64_t rank = flat_ ? 2 : 4;
  if (axis != 1 && axis != 1 - rank)
    reader.refuse(fmt::format("its axis is {}", axis), "only axis 1 is taken");
  if (shape_.height != 1 || shape_.width != 1) {
    reader.refuse(fmt::format("it flattens a map of {} x {}", shape_.height, shape_.width),
                  "only a map of 1 x 1 is taken, as GlobalAveragePool makes it");
  }
  flat_ = true;
}

void ChainReader::add_softmax(const NodeReader& reader) {
  reader.allow({"axis"}, 1);
  const std::int64_t rank = flat_ ? 2 : 4;
  const std::int64_t absent = file_.operation_set >= kSetOfSoftmaxOverOneAxis ? -1 : 1;
  const std::int64_t axis = reader.integer("axis", absent);
  if (axis != 1 && axis != 1 - rank) {
    reader.refuse(fmt::format("it runs along axis {} of {}", axis, rank),
                  "only axis 1, the classes, is taken");
  }
  logits_.insert(value_);
  chain_.has_softmax = true;
  chain_.network.layers.emplace_back(SoftmaxLayer{});
}

void ChainReader::add_map_operation(const NodeReader& reader) {
  if (flat_) reader.refuse("it stands behind a Flatten", "only a chain of maps is taken");
  if (reader.node().operation == "Conv") return add_convolution(reader);
  if (reader.node().operation == "MaxPool") return add_pool(reader);
  reader.allow({}, 1);
  shape_ = {.channels = shape_.channels, .height = 1, .width = 1};
  chain_.network.layers.emplace_back(GlobalAveragePoolLayer{});
}

void ChainReader::add(const NodeReader& reader) {
  const Node& node = reader.node();
  const std::string& operation = node.operation;
  if (node.inputs.empty() || node.outputs.empty() || node.outputs.front().empty())
    reader.refuse("it takes or makes nothing", "give a valid ONNX file");
  const auto is = [&](std::string_view name) { return node.domain.empty() && operation == name; };
  const bool passes = is("Identity") || is("Flatten");
  const bool is_map = is("Conv") || is("MaxPool") || is("GlobalAveragePool");
  if (!passes && !is_map && !is("Relu") && !is("LeakyRelu") && !is("Softmax") && !is("Dropout"))
    reader.refuse("this program does not have its operation", kTaken);
  if (node.inputs.front() != value_) {
    reader.refuse(fmt::format("it takes {}, but the value before it is {}",
                              to_utf8(node.inputs.front()), to_utf8(value_)),
                  "only a chain is taken, each node behind the one before it");
  }
  if (chain_.has_softmax && !passes)
    reader.refuse("it stands behind the softmax", "only a softmax at the end is taken");
  if (is_map) add_map_operation(reader);
  if (is("Relu") || is("Identity")) reader.allow({}, 1);
  if (is("Relu")) chain_.network.layers.emplace_back(ReluLayer{});
  if (is("LeakyRelu")) {
    reader.allow({"alpha"}, 1);
    chain_.network.layers.emplace_back(
        LeakyReluLayer{meant_by(reader.number("alpha", kDefaultLeak))});
  }
  if (is("Dropout")) add_dropout(reader);
  if (is("Flatten")) flatten(reader);
  if (is("Softmax")) add_softmax(reader);
  value_ = node.outputs.front();
}

// The probabilities, the logits, or both leave the graph.
void ChainReader::check_ends() const {
  bool has_last = false;
  for (const Value& output : file_.outputs) {
    has_last = has_last || output.name == value_;
    if (output.name != value_ && !logits_.contains(output.name)) {
      refuse(fmt::format("its graph has the output {}", to_utf8(output.name)),
             fmt::format("only the last value, {}, and the logits are taken", to_utf8(value_)));
    }
  }
  if (!has_last) {
    refuse(fmt::format("the last value, {}, is no output of its graph", to_utf8(value_)),
           "remove the nodes that lead to no output");
  }
}

// The file's names, if they are such that people and programs can use them.
void ChainReader::name_convolutions() {
  constexpr std::size_t kMaxName = 64;
  const std::set<std::string> different(names_.begin(), names_.end());
  const bool usable = std::all_of(names_.begin(), names_.end(), [](const std::string& name) {
    return !name.empty() && name.size() <= kMaxName &&
           std::all_of(name.begin(), name.end(), [](char letter) {
             return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
                    (letter >= 'a' && letter <= 'z') || letter == '_' || letter == '.' ||
                    letter == '-';
           });
  });
  if (!usable || different.size() != names_.size()) return;
  std::size_t next = 0;
  for (Layer& layer : chain_.network.layers) {
    if (auto* convolution = std::get_if<Conv2dLayer>(&layer)) convolution->name = names_[next++];
  }
}

void ChainReader::end() {
  check_ends();
  if (!chain_.has_softmax) chain_.network.layers.emplace_back(SoftmaxLayer{});
  chain_.network.name = to_utf8(
      file_.graph_name.empty() ? std::filesystem::path(path_).stem().native() : file_.graph_name);
  name_convolutions();
  try {
    infer_shapes(chain_.network);
  } catch (const Error& error) {
    throw Error(ErrorKind::model, error.what(), path_);
  }
}

Chain ChainReader::read() {
  begin();
  for (std::size_t i = 0; i < file_.nodes.size(); ++i)
    add(NodeReader(path_, file_.nodes[i], i, tensors_));
  end();
  return std::move(chain_);
}

}  // namespace

Chain read_chain(const File& file, const TensorIndex& tensors, const std::string& path) {
  return ChainReader(file, tensors, path).read();
}

}  // namespace allconv::onnx_format
