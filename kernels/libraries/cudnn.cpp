#include "kernels/libraries/cudnn.hpp"

#include <array>
#include <utility>

#include "kernels/libraries/library_error.hpp"

namespace allconv::kernels {

using namespace cudnn_abi;

namespace {

constexpr std::size_t kLeastVersion = 90800;

// What a failing call was about.
std::string call_text(std::string_view what, DescriptorType type, Attribute attribute) {
  return std::string(what) + " attribute " + std::to_string(attribute) + " of descriptor type " +
         std::to_string(type);
}

}  // namespace

Cudnn::Cudnn(const Functions& functions, std::optional<SharedLibrary> library)
    : functions_(functions), library_(std::move(library)) {}

std::shared_ptr<const Cudnn> Cudnn::load() {
  SharedLibrary library(nvidia_library_paths("libcudnn.so.9"));
  Functions functions;
  library.find("cudnnGetVersion", functions.get_version);
  library.find("cudnnGetErrorString", functions.get_error_string);
  library.find("cudnnGetLastErrorString", functions.get_last_error_string);
  library.find("cudnnCreate", functions.create);
  library.find("cudnnDestroy", functions.destroy);
  library.find("cudnnSetStream", functions.set_stream);
  library.find("cudnnBackendCreateDescriptor", functions.create_descriptor);
  library.find("cudnnBackendDestroyDescriptor", functions.destroy_descriptor);
  library.find("cudnnBackendFinalize", functions.finalize);
  library.find("cudnnBackendSetAttribute", functions.set_attribute);
  library.find("cudnnBackendGetAttribute", functions.get_attribute);
  library.find("cudnnBackendExecute", functions.execute);
  const std::size_t version = functions.get_version();
  if (version < kLeastVersion) {
    throw LibraryError("version " + nvidia_version_text(version) + " is older than " +
                       nvidia_version_text(kLeastVersion));
  }
  return std::make_shared<const Cudnn>(functions, std::move(library));
}

std::string Cudnn::version() const { return nvidia_version_text(functions_.get_version()); }

void Cudnn::check(Status status, std::string_view call) const {
  if (status == kSuccess) return;
  std::array<char, 512> reason{};
  functions_.get_last_error_string(reason.data(), reason.size());
  std::string text = "cuDNN: " + std::string(call) + ": " + functions_.get_error_string(status);
  if (reason[0] != '\0') text += " (" + std::string(reason.data()) + ")";
  throw LibraryError(text);
}

std::string Cudnn::describe_device(int index) const {
  CudnnDescriptor device(*this, kDeviceProperties);
  device.set(kDeviceId, static_cast<std::int32_t>(index));
  device.finalize();
  return device.text(kDeviceJson);
}

CudnnDescriptor::CudnnDescriptor(const Cudnn& cudnn, DescriptorType type)
    : cudnn_(&cudnn), type_(type) {
  cudnn.check(cudnn.functions().create_descriptor(type, &descriptor_),
              "making a descriptor of type " + std::to_string(type));
}

CudnnDescriptor::CudnnDescriptor(CudnnDescriptor&& other) noexcept
    : cudnn_(other.cudnn_),
      type_(other.type_),
      descriptor_(std::exchange(other.descriptor_, nullptr)) {}

CudnnDescriptor& CudnnDescriptor::operator=(CudnnDescriptor&& other) noexcept {
  std::swap(cudnn_, other.cudnn_);
  std::swap(type_, other.type_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

CudnnDescriptor::~CudnnDescriptor() {
  // A descriptor that cannot be given back is lost; nothing else depends on it.
  if (descriptor_ != nullptr) {
    static_cast<void>(cudnn_->functions().destroy_descriptor(descriptor_));
  }
}

void CudnnDescriptor::set_text(Attribute attribute, std::string_view text) {
  set_elements(attribute, kTypeChar, static_cast<std::int64_t>(text.size()), text.data());
}

void CudnnDescriptor::refer(Attribute attribute, const CudnnDescriptor& to) {
  set_elements(attribute, kTypeDescriptor, 1, &to.descriptor_);
}

void CudnnDescriptor::refer_all(Attribute attribute, std::span<const CudnnDescriptor* const> to) {
  std::vector<Descriptor> descriptors;
  for (const CudnnDescriptor* const one : to) descriptors.push_back(one->descriptor_);
  set_elements(attribute, kTypeDescriptor, static_cast<std::int64_t>(descriptors.size()),
               descriptors.data());
}

void CudnnDescriptor::finalize() {
  cudnn_->check(cudnn_->functions().finalize(descriptor_),
                "finalising a descriptor of type " + std::to_string(type_));
}

std::size_t CudnnDescriptor::count(Attribute attribute, AttributeType type) const {
  return static_cast<std::size_t>(get_elements(attribute, type, 0, nullptr));
}

std::string CudnnDescriptor::text(Attribute attribute) const {
  std::string found(count(attribute, kTypeChar), '\0');
  const std::int64_t length =
      get_elements(attribute, kTypeChar, static_cast<std::int64_t>(found.size()), found.data());
  found.resize(static_cast<std::size_t>(length));
  // Some versions count the zero at the end.
  while (!found.empty() && found.back() == '\0') found.pop_back();
  return found;
}

std::size_t CudnnDescriptor::read_into(Attribute attribute, std::span<CudnnDescriptor> into) const {
  std::vector<Descriptor> descriptors;
  for (const CudnnDescriptor& one : into) descriptors.push_back(one.descriptor_);
  const std::int64_t count =
      get_elements(attribute, kTypeDescriptor, static_cast<std::int64_t>(descriptors.size()),
                   descriptors.data());
  return static_cast<std::size_t>(count);
}

void CudnnDescriptor::set_elements(Attribute attribute, AttributeType type, std::int64_t count,
                                   const void* elements) {
  cudnn_->check(cudnn_->functions().set_attribute(descriptor_, attribute, type, count, elements),
                call_text("setting", type_, attribute));
}

std::int64_t CudnnDescriptor::get_elements(Attribute attribute, AttributeType type,
                                           std::int64_t wanted, void* elements) const {
  std::int64_t count = 0;
  cudnn_->check(
      cudnn_->functions().get_attribute(descriptor_, attribute, type, wanted, &count, elements),
      call_text("reading", type_, attribute));
  return count;
}

}  // namespace allconv::kernels
