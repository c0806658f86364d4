// NodeReader: a node's inputs and attributes, checked while they are read, with errors that name
// the node, its operation, and what is taken.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/onnx/wire.hpp"

namespace allconv::onnx_format {

using TensorIndex = std::map<std::string, const Tensor*, std::less<>>;

// Borrows all that it is made of. Every function throws Error{model}.
class NodeReader {
 public:
  NodeReader(const std::string& path, const Node& node, std::size_t place,
             const TensorIndex& tensors);

  const Node& node() const { return node_; }
  const std::string& where() const { return where_; }  // "m.onnx: node \"conv1\" (Conv)"
  [[noreturn]] void refuse(std::string_view what, std::string_view mend) const;

  // Refuses an attribute that is none of these, and more than `most` inputs.
  void allow(std::initializer_list<std::string_view> attributes, std::size_t most_inputs) const;

  // The value of an attribute, or what it is without one; another type is refused.
  std::int64_t integer(std::string_view name, std::int64_t absent) const;
  float number(std::string_view name, float absent) const;
  std::string word(std::string_view name, std::string_view absent) const;
  std::vector<std::int64_t> integers(std::string_view name) const;  // empty without one

  // Refuses any other value of an attribute, and for lists of each element.
  void only(std::string_view name, std::int64_t value) const;
  void only_each(std::string_view name, std::int64_t value) const;

  // `absent`, or exactly as many numbers, all within both limits.
  template <std::size_t kCount>
  std::array<int, kCount> extents(std::string_view name, int absent, int least) const {
    std::array<int, kCount> values;
    values.fill(absent);
    read_extents(name, least, values.data(), kCount);
    return values;
  }

  // The initializer that is input number `index`; null where the node has no such input.
  const Tensor* tensor(std::size_t index) const;

 private:
  template <class Value>
  const Value* find(std::string_view name) const;
  void read_extents(std::string_view name, int least, int* values, std::size_t count) const;

  const Node& node_;
  const TensorIndex& tensors_;
  std::string where_;
};

}  // namespace allconv::onnx_format
