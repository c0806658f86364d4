// The descriptors of the stand-in for cuDNN, and what finalising them checks.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/libraries/cudnn_abi.hpp"
#include "tests/simt/stand_ins/calls.hpp"
#include "tests/simt/stand_ins/cudnn_convolution.hpp"

namespace allconv::stand_in::cudnn {

using namespace kernels::cudnn_abi;

// What a call answers with: cudnnStatus_t.
inline constexpr Status kInternalError = static_cast<Status>(4000);
inline constexpr Status kBadParameter = static_cast<Status>(2000);
inline constexpr Status kNotSupported = static_cast<Status>(3000);

struct Refused {
  Status status;
  std::string reason;
};

// Throws Refused unless it holds.
void require(bool holds, const std::string& reason, Status status = kBadParameter);

struct Value {
  AttributeType type;
  std::int64_t count = 0;
  std::vector<std::byte> bytes;
};

struct EngineFacts {
  std::int64_t id;
  std::vector<NumericalNote> notes;
  std::int64_t workspace;
  bool refuses = false;
};

// In the order of the heuristics: one of each kind that callers must tell apart.
const std::vector<EngineFacts>& engines();

struct Object {
  DescriptorType type;
  bool finalized = false;
  std::map<int, Value> values = {};
  Convolution convolution = {};            // of graphs, configurations and plans
  std::optional<EngineFacts> engine = {};  // of configurations and engines

  const Value& at(Attribute attribute, AttributeType wanted) const {
    const auto found = values.find(attribute);
    require(found != values.end(), "attribute " + std::to_string(attribute) + " is not set");
    require(found->second.type == wanted,
            "attribute " + std::to_string(attribute) + " has another type");
    return found->second;
  }
  template <class Element>
  std::vector<Element> all(Attribute attribute, AttributeType wanted) const {
    const Value& value = at(attribute, wanted);
    std::vector<Element> elements(static_cast<std::size_t>(value.count));
    require(value.bytes.size() == elements.size() * sizeof(Element), "another size");
    std::memcpy(elements.data(), value.bytes.data(), value.bytes.size());
    return elements;
  }
  template <class Element>
  Element one(Attribute attribute, AttributeType wanted) const {
    const Value& value = at(attribute, wanted);
    require(value.bytes.size() == sizeof(Element), "one element is wanted");
    Element element;
    std::memcpy(&element, value.bytes.data(), sizeof(Element));
    return element;
  }
  const Object& refer(Attribute attribute, DescriptorType wanted) const;
};

struct State {
  Calls calls;
  std::map<Descriptor, std::unique_ptr<Object>> objects;
  int handles = 0;
  bool refuses_all = false;
  std::string reason;
  std::deque<std::pair<Convolution, ConvolutionMemory>> runs;  // graphs run them again
};

State& state();

// Throws Refused where there is no such descriptor.
Object& object(Descriptor descriptor);

// Checks what the descriptor was told, and works out what it comes to. Throws Refused.
void finish(Object& of);

}  // namespace allconv::stand_in::cudnn
