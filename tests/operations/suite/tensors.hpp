// The tensors of one problem: declared once by an operation's case, read by its reference, and laid
// out anew in guarded memory for each run of a kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/operations/suite/guarded_memory.hpp"

namespace allconv::suite {

enum class Role {
  input,    // must not change
  output,   // filled with NaN before a run
  updated,  // holds values before a run, and others after it
};

enum class Element { f32, u8, i32 };

struct Tensor {
  std::string name;
  Role role = Role::input;
  Element element = Element::f32;
  std::size_t count = 0;           // elements
  std::vector<std::byte> initial;  // (count); empty for Role::output
  bool packed = false;             // weights: kernels see them in their own form
  bool per_image = false;          // the first extent is the batch
  bool may_be_zero = false;        // zeros may outnumber the other values by nature

  std::size_t bytes() const;
  std::string describe(std::size_t element_index, double value) const;  // "dst[17] = 3.5"
};

class TensorList {
 public:
  Tensor& input(std::string_view name, std::span<const float> values);
  Tensor& input(std::string_view name, std::span<const std::uint8_t> values);
  Tensor& input(std::string_view name, std::span<const std::int32_t> values);
  Tensor& updated(std::string_view name, std::span<const float> values);
  Tensor& output(std::string_view name, std::int64_t count, Element element = Element::f32);

  const std::vector<Tensor>& all() const { return tensors_; }
  const Tensor& at(std::string_view name) const;

  // An operand and a result of its size, both of the batch if `per_image`; with `in_place` one
  // tensor that has the result's name.
  Tensor& operand_and_result(std::string_view operand, std::string_view result,
                             std::span<const float> values, bool in_place, bool per_image = false);

  // The initial values; a float or integer tensor as Real.
  template <class Real>
  std::vector<Real> values(std::string_view name) const;

  // Image `image` of `images`: tensors of the batch are cut, the others stay.
  TensorList one_image(int image, int images) const;

 private:
  Tensor& add(std::string_view name, Role role, Element element,
              std::span<const std::byte> initial);

  std::vector<Tensor> tensors_;
};

// Element i of `bytes` as a number; every element type fits.
double element_at(Element element, std::span<const std::byte> bytes, std::size_t i);

// What a reference computes, by tensor name.
template <class Real>
using Results = std::map<std::string, std::vector<Real>, std::less<>>;

std::vector<double> absolute(std::vector<double> values);

// The memory of one run. Weights stand in the kernel's own form.
class Bench {
 public:
  void place(const std::string& name, GuardedMemory memory);

  template <class Type>
  const Type* read(std::string_view name) const {
    return reinterpret_cast<const Type*>(memory(name).data());
  }
  template <class Type>
  Type* write(std::string_view name) const {
    return reinterpret_cast<Type*>(memory(name).data());
  }
  const GuardedMemory& memory(std::string_view name) const;

 private:
  std::map<std::string, GuardedMemory, std::less<>> memories_;
};

}  // namespace allconv::suite
