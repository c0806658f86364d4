// The tensors of one problem: declared once by an operation's case, read by its reference, and laid
// out anew in guarded memory for each run of a kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
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

enum class Element { f32, f16, bf16, u8, i32 };

// What decides over the elements of a tensor on a GPU; on a CPU all of them are f32.
enum class Storage {
  fixed,  // nothing
  map,    // the precision of maps: activations and their gradients
  row,    // that of rows: what stands behind a global average
};

struct Tensor {
  std::string name;
  Role role = Role::input;
  Element element = Element::f32;
  std::size_t count = 0;           // elements
  std::vector<std::byte> initial;  // (count); empty for Role::output
  Storage storage = Storage::fixed;
  bool packed = false;       // weights: kernels see them in their own form
  bool per_image = false;    // the first extent is the batch
  bool may_be_zero = false;  // zeros may outnumber the other values by nature

  Tensor& stored_as(Storage as) {
    storage = as;
    return *this;
  }
  std::size_t bytes() const;
  std::string describe(std::size_t element_index, double value) const;  // "dst[17] = 3.5"
};

class TensorList {
 public:
  Tensor& input(std::string_view name, std::span<const float> values);
  Tensor& input(std::string_view name, std::span<const std::uint8_t> values);
  Tensor& input(std::string_view name, std::span<const std::int32_t> values);
  Tensor& updated(std::string_view name, std::span<const float> values);
  Tensor& updated(std::string_view name, std::span<const std::int32_t> values);
  Tensor& output(std::string_view name, std::int64_t count, Element element = Element::f32);

  // Plain structs, as bytes.
  template <class Struct>
  Tensor& structs(std::string_view name, std::span<const Struct> values) {
    return add(name, Role::input, Element::u8, std::as_bytes(values));
  }

  const std::vector<Tensor>& all() const { return tensors_; }
  const Tensor& at(std::string_view name) const;

  // An operand and a result of its size, which is returned; with `in_place` one tensor that has the
  // result's name.
  struct Pair {
    bool in_place = false;
    bool per_image = false;
    Storage storage = Storage::fixed;
  };
  Tensor& operand_and_result(std::string_view operand, std::string_view result,
                             std::span<const float> values, const Pair& pair);

  // The initial values; a float or integer tensor as Real.
  template <class Real>
  std::vector<Real> values(std::string_view name) const;

  template <class Struct>
  std::vector<Struct> structs(std::string_view name) const {
    const std::vector<std::byte>& bytes = at(name).initial;
    std::vector<Struct> result(bytes.size() / sizeof(Struct));
    std::memcpy(result.data(), bytes.data(), bytes.size());
    return result;
  }

  // Image `image` of `images`: tensors of the batch are cut, the others stay.
  TensorList one_image(int image, int images) const;

  // The same with the values of maps and of weights rounded: what products see.
  TensorList with_factors_rounded(const std::function<float(float)>& round) const;
  // The same with other elements in the tensors that `storage` decides over, their values rounded.
  TensorList with_elements(Storage storage, Element element) const;

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

// The memory of one run, by tensor name. Weights stand in the kernel's own form.
using Memories = std::map<std::string, GuardedMemory, std::less<>>;

// Where the tensors of one run are: what a case binds its arguments to. Borrowed memory, of this
// program or of a GPU.
class Bench {
 public:
  Bench() = default;
  explicit Bench(const Memories& memories);

  void place(const std::string& name, std::byte* data) { places_[name] = data; }

  template <class Type>
  const Type* read(std::string_view name) const {
    return reinterpret_cast<const Type*>(at(name));
  }
  template <class Type>
  Type* write(std::string_view name) const {
    return reinterpret_cast<Type*>(at(name));
  }

 private:
  std::byte* at(std::string_view name) const;

  std::map<std::string, std::byte*, std::less<>> places_;
};

}  // namespace allconv::suite
