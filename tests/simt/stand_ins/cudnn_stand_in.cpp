#include "tests/simt/stand_ins/cudnn_stand_in.hpp"

#include <cstring>

#include "tests/simt/stand_ins/cudnn_objects.hpp"

namespace allconv::stand_in {

namespace cudnn {

namespace {

// What a handle points to.
struct Context {
  cudaStream_t stream = nullptr;
};

std::size_t element_bytes(AttributeType type) {
  switch (type) {
    case kTypeChar: return 1;
    case kTypeBoolean: return sizeof(bool);
    case kTypeInt64: return 8;
    case kTypeVoidPointer:
    case kTypeDescriptor: return sizeof(void*);
    default: return 4;
  }
}

// Copies what there is, at most what is wanted; 0 wanted asks for the number.
template <class Element>
void give(const std::vector<Element>& values, std::int64_t wanted, std::int64_t* count, void* to) {
  const auto there = static_cast<std::int64_t>(values.size());
  *count = wanted == 0 || there < wanted ? there : wanted;
  if (wanted > 0) {
    std::memcpy(to, values.data(), static_cast<std::size_t>(*count) * sizeof(Element));
  }
}

// Configurations that the caller has made are filled in.
void give_configurations(const Object& heuristics, std::int64_t wanted, std::int64_t* count,
                         void* to) {
  const auto there = static_cast<std::int64_t>(engines().size());
  *count = wanted == 0 || there < wanted ? there : wanted;
  for (std::int64_t i = 0; i < *count && wanted > 0; ++i) {
    Object& config = object(static_cast<Descriptor*>(to)[i]);
    require(config.type == kEngineConfig, "no configuration");
    config.convolution = heuristics.convolution;
    config.engine = engines()[static_cast<std::size_t>(i)];
    config.finalized = true;
  }
}

std::vector<char> text_of(const std::string& text) { return {text.begin(), text.end()}; }

void give_attribute(const Object& of, Attribute attribute, std::int64_t wanted, std::int64_t* count,
                    void* to) {
  require(of.finalized, "read before it was finalised");
  switch (attribute) {
    case kDeviceJson: return give(text_of(kCudnnDevice), wanted, count, to);
    case kHeuristicsResults: return give_configurations(of, wanted, count, to);
    case kEngineConfigEngine: {
      Object& engine = object(*static_cast<Descriptor*>(to));
      engine.engine = of.engine;
      engine.finalized = true;
      *count = 1;
      return;
    }
    case kEngineNumericalNotes: return give(of.engine->notes, wanted, count, to);
    case kEngineGlobalIndex: return give(std::vector{of.engine->id}, wanted, count, to);
    case kPlanWorkspaceSize: return give(std::vector{of.convolution.workspace}, wanted, count, to);
    case kPlanJson: return give(text_of(nlohmann::json(of.convolution).dump()), wanted, count, to);
    default: require(false, "no such attribute");
  }
}

void run(const Context& handle, const Object& plan, const Object& pack) {
  require(plan.finalized && pack.finalized, "not finalised");
  const auto ids = pack.all<std::int64_t>(kPackUniqueIds, kTypeInt64);
  const auto pointers = pack.all<void*>(kPackDataPointers, kTypeVoidPointer);
  require(ids.size() == pointers.size(), "ids and pointers differ");
  const Convolution& of = plan.convolution;
  const auto pointer = [&](std::int64_t id) -> void* {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] != id) continue;
      require(reinterpret_cast<std::uintptr_t>(pointers[i]) % 16 == 0, "not aligned");
      return pointers[i];
    }
    throw Refused{kBadParameter, "a tensor has no pointer"};
  };
  const ConvolutionMemory memory{.x = pointer(of.x_id),
                                 .w = pointer(of.w_id),
                                 .y = pointer(of.y_id),
                                 .bias = of.bias_id < 0 ? nullptr : pointer(of.bias_id)};
  const bool has_workspace = pack.one<void*>(kPackWorkspace, kTypeVoidPointer) != nullptr;
  require(of.workspace == 0 || has_workspace, "no workspace");
  auto& job = state().runs.emplace_back(of, memory);
  const cudaError_t launched = cudaLaunchHostFunc(
      handle.stream,
      [](void* data) {
        const auto& [convolution, where] =
            *static_cast<std::pair<Convolution, ConvolutionMemory>*>(data);
        compute(convolution, where);
      },
      &job);
  require(launched == cudaSuccess, "the launch failed", kInternalError);
}

// Runs the body of a call and makes a status of what becomes of it.
template <class Body>
Status answer(const Body& body) {
  if (state().calls.next()) {
    state().reason = "told to fail";
    return kInternalError;
  }
  try {
    body();
    return kSuccess;
  } catch (const Refused& refused) {
    state().reason = refused.reason;
    return refused.status;
  }
}

}  // namespace

}  // namespace cudnn

Calls& cudnn_calls() { return cudnn::state().calls; }
void refuse_all_of_cudnn(bool refuses) { cudnn::state().refuses_all = refuses; }
int cudnn_objects() {
  return static_cast<int>(cudnn::state().objects.size()) + cudnn::state().handles;
}

}  // namespace allconv::stand_in

// The interface itself, by the names that the loader looks for.
namespace si = allconv::stand_in::cudnn;
namespace abi = allconv::kernels::cudnn_abi;

extern "C" {

std::size_t cudnnGetVersion() { return 91900; }

const char* cudnnGetErrorString(abi::Status status) {
  return status == abi::kSuccess ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS_OF_THE_STAND_IN";
}

void cudnnGetLastErrorString(char* message, std::size_t bytes) {
  std::strncpy(message, si::state().reason.c_str(), bytes - 1);
  message[bytes - 1] = '\0';
}

abi::Status cudnnCreate(abi::Handle* handle) {
  return si::answer([&] {
    *handle = new si::Context;
    ++si::state().handles;
  });
}

abi::Status cudnnDestroy(abi::Handle handle) {
  delete static_cast<si::Context*>(handle);
  --si::state().handles;
  return abi::kSuccess;
}

abi::Status cudnnSetStream(abi::Handle handle, cudaStream_t stream) {
  return si::answer([&] { static_cast<si::Context*>(handle)->stream = stream; });
}

abi::Status cudnnBackendCreateDescriptor(abi::DescriptorType type, abi::Descriptor* descriptor) {
  return si::answer([&] {
    auto made = std::make_unique<si::Object>(si::Object{.type = type});
    *descriptor = made.get();
    si::state().objects.emplace(*descriptor, std::move(made));
  });
}

abi::Status cudnnBackendDestroyDescriptor(abi::Descriptor descriptor) {
  return si::state().objects.erase(descriptor) == 1 ? abi::kSuccess : si::kBadParameter;
}

abi::Status cudnnBackendFinalize(abi::Descriptor descriptor) {
  return si::answer([&] { si::finish(si::object(descriptor)); });
}

abi::Status cudnnBackendSetAttribute(abi::Descriptor descriptor, abi::Attribute attribute,
                                     abi::AttributeType type, std::int64_t count,
                                     const void* elements) {
  return si::answer([&] {
    si::Object& of = si::object(descriptor);
    si::require(!of.finalized, "set after it was finalised");
    const auto* const first = static_cast<const std::byte*>(elements);
    const std::size_t bytes = static_cast<std::size_t>(count) * si::element_bytes(type);
    of.values[attribute] = {type, count, std::vector<std::byte>(first, first + bytes)};
  });
}

abi::Status cudnnBackendGetAttribute(abi::Descriptor descriptor, abi::Attribute attribute,
                                     abi::AttributeType, std::int64_t wanted, std::int64_t* count,
                                     void* elements) {
  return si::answer(
      [&] { si::give_attribute(si::object(descriptor), attribute, wanted, count, elements); });
}

abi::Status cudnnBackendExecute(abi::Handle handle, abi::Descriptor plan, abi::Descriptor pack) {
  return si::answer(
      [&] { si::run(*static_cast<si::Context*>(handle), si::object(plan), si::object(pack)); });
}

}  // extern "C"

namespace allconv::stand_in {

kernels::cudnn_abi::Functions cudnn_functions() {
  return {.get_version = cudnnGetVersion,
          .get_error_string = cudnnGetErrorString,
          .get_last_error_string = cudnnGetLastErrorString,
          .create = cudnnCreate,
          .destroy = cudnnDestroy,
          .set_stream = cudnnSetStream,
          .create_descriptor = cudnnBackendCreateDescriptor,
          .destroy_descriptor = cudnnBackendDestroyDescriptor,
          .finalize = cudnnBackendFinalize,
          .set_attribute = cudnnBackendSetAttribute,
          .get_attribute = cudnnBackendGetAttribute,
          .execute = cudnnBackendExecute};
}

}  // namespace allconv::stand_in
