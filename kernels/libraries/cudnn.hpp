// Cudnn: cuDNN's backend interface, each call checked, each descriptor owned. No GPU is needed but
// to run a plan: graphs, heuristics and plans are made for a GPU that JSON describes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/libraries/cudnn_abi.hpp"
#include "kernels/libraries/shared_library.hpp"

namespace allconv::kernels {

class Cudnn {
 public:
  // The library `library` that the functions lie in is kept loaded; none: they are the caller's.
  explicit Cudnn(const cudnn_abi::Functions& functions,
                 std::optional<SharedLibrary> library = std::nullopt);

  // Loads libcudnn.so.9. Throws LibraryError where it is missing, or older than 9.8, the first
  // that plans for a GPU described by JSON.
  static std::shared_ptr<const Cudnn> load();

  // "9.19.0"
  std::string version() const;

  const cudnn_abi::Functions& functions() const { return functions_; }

  // Throws LibraryError that names the call and gives cuDNN's reason.
  void check(cudnn_abi::Status status, std::string_view call) const;

  // The GPU of that index, as JSON.
  std::string describe_device(int index) const;

 private:
  cudnn_abi::Functions functions_;
  std::optional<SharedLibrary> library_;
};

// The attribute type of a C++ type.
template <class Element>
constexpr cudnn_abi::AttributeType attribute_type() {
  using namespace cudnn_abi;
  if constexpr (std::same_as<Element, DataType>) return kTypeDataType;
  if constexpr (std::same_as<Element, bool>) return kTypeBoolean;
  if constexpr (std::same_as<Element, std::int64_t>) return kTypeInt64;
  if constexpr (std::same_as<Element, std::int32_t>) return kTypeInt32;
  if constexpr (std::same_as<Element, float>) return kTypeFloat;
  if constexpr (std::same_as<Element, char>) return kTypeChar;
  if constexpr (std::same_as<Element, void*>) return kTypeVoidPointer;
  if constexpr (std::same_as<Element, ConvolutionKind>) return kTypeConvolutionMode;
  if constexpr (std::same_as<Element, PointwiseKind>) return kTypePointwiseMode;
  if constexpr (std::same_as<Element, HeuristicsKind>) return kTypeHeuristicsMode;
  if constexpr (std::same_as<Element, NumericalNote>) return kTypeNumericalNote;
}

// One descriptor, destroyed with the object. The library must outlive it.
class CudnnDescriptor {
 public:
  CudnnDescriptor(const Cudnn& cudnn, cudnn_abi::DescriptorType type);
  CudnnDescriptor(CudnnDescriptor&& other) noexcept;
  CudnnDescriptor& operator=(CudnnDescriptor&& other) noexcept;
  ~CudnnDescriptor();

  cudnn_abi::Descriptor get() const { return descriptor_; }

  // All throw LibraryError.
  template <class Element>
  void set(cudnn_abi::Attribute attribute, const Element& value) {
    set_elements(attribute, attribute_type<Element>(), 1, &value);
  }
  template <class Element>
  void set_all(cudnn_abi::Attribute attribute, std::span<const Element> values) {
    set_elements(attribute, attribute_type<Element>(), static_cast<std::int64_t>(values.size()),
                 values.data());
  }
  void set_text(cudnn_abi::Attribute attribute, std::string_view text);
  void refer(cudnn_abi::Attribute attribute, const CudnnDescriptor& to);
  void refer_all(cudnn_abi::Attribute attribute, std::span<const CudnnDescriptor* const> to);
  void finalize();

  template <class Element>
  Element value(cudnn_abi::Attribute attribute) const {
    Element element{};
    get_elements(attribute, attribute_type<Element>(), 1, &element);
    return element;
  }
  // As many as there are, at most `most`.
  template <class Element>
  std::vector<Element> values(cudnn_abi::Attribute attribute, std::size_t most) const {
    std::vector<Element> found(most);
    const std::int64_t count = get_elements(attribute, attribute_type<Element>(),
                                            static_cast<std::int64_t>(most), found.data());
    found.resize(static_cast<std::size_t>(count));
    return found;
  }
  std::string text(cudnn_abi::Attribute attribute) const;
  // Fills descriptors that the caller has made; how many.
  std::size_t read_into(cudnn_abi::Attribute attribute, std::span<CudnnDescriptor> into) const;
  std::size_t count(cudnn_abi::Attribute attribute, cudnn_abi::AttributeType type) const;

 private:
  void set_elements(cudnn_abi::Attribute attribute, cudnn_abi::AttributeType type,
                    std::int64_t count, const void* elements);
  std::int64_t get_elements(cudnn_abi::Attribute attribute, cudnn_abi::AttributeType type,
                            std::int64_t wanted, void* elements) const;

  const Cudnn* cudnn_;
  cudnn_abi::DescriptorType type_;
  cudnn_abi::Descriptor descriptor_ = nullptr;
};

}  // namespace allconv::kernels
