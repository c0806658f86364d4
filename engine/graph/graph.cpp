#include "engine/graph/graph.hpp"

#include <utility>

#include "kernels/unit_signal/problem.hpp"

namespace allconv {

namespace {

// A 1x1 convolution of stride s without padding reads every s-th output of the convolution before
// it. That one takes the stride over and computes no others. Sizes are the same, since
// floor(floor(a / t) / s) = floor(a / (t * s)). Of a valid network, which remains valid.
void move_strides_up(NetworkDescription& network) {
  Conv2dLayer* before = nullptr;  // with nothing but element-wise layers behind it
  for (Layer& layer : network.layers) {
    if (auto* conv = std::get_if<Conv2dLayer>(&layer)) {
      const bool picks = conv->kernel == std::array{1, 1} && conv->padding == Padding{};
      for (std::size_t axis = 0; axis < 2 && picks && before != nullptr; ++axis) {
        const auto product = std::int64_t{before->stride[axis]} * conv->stride[axis];
        if (product > kMaxExtent) continue;
        before->stride[axis] = static_cast<int>(product);
        conv->stride[axis] = 1;
      }
      before = conv;
    } else if (!std::holds_alternative<ReluLayer>(layer) &&
               !std::holds_alternative<LeakyReluLayer>(layer) &&
               !std::holds_alternative<DropoutLayer>(layer)) {
      before = nullptr;
    }
  }
}

// Builds a graph layer by layer, then backwards by each operation's backward rule.
class GraphBuilder {
 public:
  GraphBuilder(const NetworkDescription& network, PassMode mode, ReluRule rule,
               std::optional<std::size_t> layer)
      : shapes_(infer_shapes(network)) {
    if (layer) target_ = static_cast<int>(*layer);
    graph_.network = network;
    if (mode == PassMode::inference) {
      move_strides_up(graph_.network);
      shapes_ = infer_shapes(graph_.network);
    }
    graph_.mode = mode;
    graph_.rule = mode == PassMode::explain ? rule : ReluRule::gradient;
  }

  Graph build() {
    current_ = graph_.input = add_value("input", graph_.network.input);
    add({.kind = OperationKind::input, .dst = current_});
    for (std::size_t layer = 0; layer < graph_.network.layers.size(); ++layer) {
      layer_ = static_cast<int>(layer);
      std::visit([this](const auto& description) { add_forward(description); },
                 graph_.network.layers[layer]);
      if (graph_.mode == PassMode::peaks && layer_ == target_) {
        add_channel_peak();
        return std::move(graph_);
      }
    }
    if (graph_.mode != PassMode::inference) add_backward();
    return std::move(graph_);
  }

 private:
  const Shape& output_shape() const { return shapes_[static_cast<std::size_t>(layer_)]; }

  ValueId add_value(std::string name, const Shape& shape, int element_bytes = 4) {
    graph_.values.push_back({std::move(name), shape, element_bytes});
    return static_cast<ValueId>(graph_.values.size()) - 1;
  }

  void add(const Operation& operation) { graph_.operations.push_back(operation); }

  // One operation from the current value to a new one, which becomes current.
  void add_unary(OperationKind kind, std::string name, int ordinal = -1) {
    const ValueId dst = add_value(std::move(name), output_shape());
    add({.kind = kind, .layer = layer_, .ordinal = ordinal, .src = current_, .dst = dst});
    current_ = dst;
  }

  void add_forward(const Conv2dLayer& conv) {
    add_unary(OperationKind::conv2d, conv.name, convolutions_++);
  }
  void add_forward(const ReluLayer&) { add_unary(OperationKind::relu, numbered("relu")); }
  void add_forward(const LeakyReluLayer&) {
    add_unary(OperationKind::relu, numbered("leaky_relu"));
  }
  void add_forward(const DropoutLayer&) {
    const int ordinal = dropouts_++;
    if (graph_.mode != PassMode::training) return;
    add_unary(OperationKind::dropout, numbered("dropout"), ordinal);
  }
  void add_forward(const MaxPoolLayer&) {
    add_unary(OperationKind::max_pool, numbered("max_pool"));
    if (graph_.mode == PassMode::inference) return;
    graph_.operations.back().dst2 = add_value(numbered("switches"), output_shape(), 1);
  }
  void add_forward(const GlobalAveragePoolLayer&) {
    add_unary(OperationKind::global_average_pool, numbered("average"));
  }
  void add_forward(const SoftmaxLayer&) {
    graph_.logits = current_;
    add_unary(OperationKind::softmax, "probabilities");
    graph_.probabilities = current_;
  }

  void add_channel_peak() {
    const Shape peaks{.channels = graph_.shape(current_).channels, .height = 1, .width = 1};
    graph_.peaks = add_value("peaks", peaks, sizeof(float));
    graph_.peak_positions = add_value("peak_positions", peaks, sizeof(std::int32_t));
    add({.kind = OperationKind::channel_peak,
         .src = current_,
         .dst = graph_.peaks,
         .dst2 = graph_.peak_positions});
  }

  std::string numbered(const std::string& name) const { return name + std::to_string(layer_ + 1); }

  // Whether the gradient with respect to `id` is wanted: for all values in an explanation; in
  // training for those that depend on a parameter.
  bool wants_gradient(ValueId id) const {
    return graph_.mode == PassMode::explain || id >= first_trained_;
  }

  ValueId add_gradient(ValueId of) {
    const Value value = graph_.values[static_cast<std::size_t>(of)];
    return add_value("d_" + value.name, value.shape);
  }

  void add_backward() {
    const std::vector<Operation> forward = graph_.operations;
    for (const Operation& operation : forward) {
      if (operation.kind != OperationKind::conv2d) continue;
      first_trained_ = operation.dst;
      break;
    }
    auto operation = forward.rbegin();
    if (target_ >= 0) {
      while (operation->layer != target_) ++operation;
      add_unit_signal(operation->dst);
    }
    for (; operation != forward.rend(); ++operation) add_backward_of(*operation);
    if (graph_.mode == PassMode::explain) graph_.input_gradient = gradient_;
  }

  // The backward rules: from gradient_ with respect to operation.dst to that of operation.src.
  void add_backward_of(const Operation& operation) {
    Operation backward{.layer = operation.layer, .ordinal = operation.ordinal, .src = gradient_};
    switch (operation.kind) {
      case OperationKind::softmax: return add_first_gradient(operation);
      case OperationKind::conv2d: return add_convolution_gradients(operation);
      case OperationKind::relu:
        backward.kind = OperationKind::relu_backward;
        backward.src2 = operation.dst;
        break;
      case OperationKind::dropout: backward.kind = OperationKind::dropout_backward; break;
      case OperationKind::max_pool:
        backward.kind = OperationKind::max_pool_backward;
        backward.src2 = operation.dst2;
        break;
      case OperationKind::global_average_pool:
        backward.kind = OperationKind::global_average_pool_backward;
        break;
      default: return;
    }
    if (!wants_gradient(operation.src)) return;
    backward.dst = gradient_ = add_gradient(operation.src);
    add(backward);
  }

  // Training starts from the loss, an explanation from a class's logit unless from a layer.
  void add_first_gradient(const Operation& softmax) {
    if (graph_.mode == PassMode::explain) return add_unit_signal(softmax.src);
    gradient_ = add_gradient(softmax.src);
    add({.kind = OperationKind::softmax_cross_entropy_backward,
         .layer = softmax.layer,
         .src = softmax.dst,
         .dst = gradient_});
  }

  void add_unit_signal(ValueId at) {
    gradient_ = add_gradient(at);
    graph_.unit = add_value("unit", {.channels = 1, .height = 1, .width = 1},
                            static_cast<int>(sizeof(kernels::UnitFound)));
    add({.kind = OperationKind::unit_signal, .src = at, .dst = gradient_, .dst2 = graph_.unit});
  }

  // The weight gradient first: both read the same d_dst and may run side by side.
  void add_convolution_gradients(const Operation& conv) {
    if (graph_.mode == PassMode::training) {
      add({.kind = OperationKind::conv2d_weight_gradient,
           .layer = conv.layer,
           .ordinal = conv.ordinal,
           .src = conv.src,
           .src2 = gradient_});
    }
    if (!wants_gradient(conv.src)) return;
    const ValueId d_src = add_gradient(conv.src);
    add({.kind = OperationKind::conv2d_data_gradient,
         .layer = conv.layer,
         .ordinal = conv.ordinal,
         .src = gradient_,
         .dst = d_src});
    gradient_ = d_src;
  }

  Graph graph_;
  std::vector<Shape> shapes_;  // after each layer
  int layer_ = -1;
  int target_ = -1;  // the layer whose output is looked at; -1: none
  ValueId current_ = kNoValue;
  ValueId gradient_ = kNoValue;
  ValueId first_trained_ = 0;
  int convolutions_ = 0;
  int dropouts_ = 0;
};

}  // namespace

Graph make_graph(const NetworkDescription& network, PassMode mode, ReluRule rule,
                 std::optional<std::size_t> layer) {
  return GraphBuilder(network, mode, rule, layer).build();
}

std::size_t activation_layer(const NetworkDescription& network, std::size_t convolution) {
  const std::size_t next = convolution + 1;
  if (next >= network.layers.size()) return convolution;
  const Layer& layer = network.layers[next];
  const bool activates =
      std::holds_alternative<ReluLayer>(layer) || std::holds_alternative<LeakyReluLayer>(layer);
  return activates ? next : convolution;
}

float relu_slope(const Layer& layer) {
  const auto* leaky = std::get_if<LeakyReluLayer>(&layer);
  return leaky == nullptr ? 0.0F : static_cast<float>(leaky->slope);
}

}  // namespace allconv
