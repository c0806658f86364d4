#include "engine/plan/fusion.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace allconv {

namespace {

class Fuser {
 public:
  explicit Fuser(const Graph& graph)
      : graph_(graph), operations_(graph.operations), readers_(graph.values.size()) {
    fused_.home.resize(graph.values.size());
    std::iota(fused_.home.begin(), fused_.home.end(), 0);
    for (const Operation& operation : operations_) {
      for (const ValueId value : {operation.src, operation.src2}) {
        if (value != kNoValue) readers_[static_cast<std::size_t>(value)].push_back(operation.kind);
      }
    }
  }

  FusedGraph fuse() {
    for (std::size_t i = 0; i < operations_.size();) i += fuse_at(i);
    return std::move(fused_);
  }

 private:
  // Emits the operation at `i`, with those fused into it; returns how many were consumed.
  std::size_t fuse_at(std::size_t i) {
    const Operation& operation = operations_[i];
    switch (operation.kind) {
      case OperationKind::conv2d: return fuse_convolution(i);
      case OperationKind::conv2d_data_gradient: return fuse_data_gradient(i);
      case OperationKind::dropout:
        if (others_only_need_sign(operation)) share(operation.dst, operation.src);
        break;
      case OperationKind::relu:
      case OperationKind::relu_backward:
      case OperationKind::dropout_backward:
        if (readers(operation.src).size() == 1) share(operation.dst, operation.src);
        break;
      default: break;
    }
    emit(
        {.operation = operation, .label = label(operation), .rule = {}, .slope = slope(operation)});
    return 1;
  }

  std::size_t fuse_convolution(std::size_t i) {
    FusedOperation fused{.operation = operations_[i], .label = label(operations_[i]), .rule = {}};
    const Operation* relu = next(i, OperationKind::relu, fused.operation.dst);
    if (relu == nullptr || readers(fused.operation.dst).size() != 1) {
      emit(std::move(fused));
      return 1;
    }
    fused.relu = true;
    fused.slope = slope(*relu);
    fused.label += " + " + label(*relu);
    fused.operation.dst = relu->dst;
    emit(std::move(fused));
    return 2;
  }

  std::size_t fuse_data_gradient(std::size_t i) {
    FusedOperation fused{.operation = operations_[i], .label = label(operations_[i]), .rule = {}};
    const Operation* dropout = next(i, OperationKind::dropout_backward, fused.operation.dst);
    const std::size_t skipped = dropout == nullptr ? 0 : 1;
    const ValueId signal = dropout == nullptr ? fused.operation.dst : dropout->dst;
    const Operation* relu = next(i + skipped, OperationKind::relu_backward, signal);
    if (relu == nullptr) {
      emit(std::move(fused));
      return 1;
    }
    fused.rule = graph_.rule;
    fused.slope = slope(*relu);
    fused.label += " + " + label(*relu);
    fused.operation.src2 = relu->src2;
    fused.operation.dst = relu->dst;
    emit(std::move(fused));
    if (dropout != nullptr) {
      FusedOperation in_place{.operation = *dropout, .label = label(*dropout), .rule = {}};
      in_place.operation.src = in_place.operation.dst = relu->dst;
      emit(std::move(in_place));
    }
    return 2 + skipped;
  }

  // The operation after `i` when it is of that kind and reads `src`.
  const Operation* next(std::size_t i, OperationKind kind, ValueId src) const {
    if (i + 1 >= operations_.size()) return nullptr;
    const Operation& operation = operations_[i + 1];
    return operation.kind == kind && operation.src == src ? &operation : nullptr;
  }

  // Whether all readers of a dropout's source but itself look at the sign of a ReLU's output only.
  bool others_only_need_sign(const Operation& dropout) const {
    const auto& kinds = readers(dropout.src);
    const auto needs_sign = std::count(kinds.begin(), kinds.end(), OperationKind::relu_backward);
    return static_cast<std::size_t>(needs_sign) + 1 == kinds.size();
  }

  const std::vector<OperationKind>& readers(ValueId id) const {
    return readers_[static_cast<std::size_t>(id)];
  }

  void share(ValueId value, ValueId with) {
    fused_.home[static_cast<std::size_t>(value)] = fused_.home[static_cast<std::size_t>(with)];
  }

  void emit(FusedOperation operation) { fused_.operations.push_back(std::move(operation)); }

  float slope(const Operation& operation) const {
    if (operation.layer < 0) return 0;
    return relu_slope(graph_.network.layers[static_cast<std::size_t>(operation.layer)]);
  }

  // A convolution's own name, else the operation's with the layer's number.
  std::string label(const Operation& operation) const {
    if (operation.layer < 0) {
      if (operation.kind == OperationKind::input) return "input";
      return operation.kind == OperationKind::unit_signal ? "unit signal" : "channel peaks";
    }
    const Layer& layer = graph_.network.layers[static_cast<std::size_t>(operation.layer)];
    if (const auto* conv = std::get_if<Conv2dLayer>(&layer)) return conv->name;
    return std::string(operation_name(layer)) + std::to_string(operation.layer + 1);
  }

  const Graph& graph_;
  const std::vector<Operation>& operations_;
  std::vector<std::vector<OperationKind>> readers_;  // of each value, by kind
  FusedGraph fused_;
};

}  // namespace

FusedGraph fuse(const Graph& graph) { return Fuser(graph).fuse(); }

}  // namespace allconv
