#include "engine/runtime/gpu_libraries.hpp"

#include "engine/runtime/cuda/resources.hpp"
#include "kernels/libraries/cublaslt.hpp"
#include "kernels/libraries/cudnn.hpp"
#include "kernels/libraries/gpu_libraries.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv {

namespace {

LoadedLibraries loaded(kernels::GpuLibraries libraries) {
  LoadedLibraries result{
      .libraries = {}, .versions = {}, .notes = libraries.notes, .description = {}};
  if (libraries.cudnn != nullptr) result.versions.emplace_back("cudnn", libraries.cudnn->version());
  if (libraries.cublaslt != nullptr) {
    result.versions.emplace_back("cublaslt", libraries.cublaslt->version());
  }
  result.libraries = std::make_shared<const kernels::GpuLibraries>(std::move(libraries));
  return result;
}

}  // namespace

LoadedLibraries load_libraries() { return loaded(kernels::load_gpu_libraries()); }

LoadedLibraries load_libraries_for(int index) {
  const cuda::OnGpu on(index);
  kernels::GpuLibraries libraries = kernels::load_gpu_libraries();
  // Those that do not start are taken out, and noted.
  static_cast<void>(kernels::LibraryHandles(libraries));
  std::string description;
  if (libraries.cudnn != nullptr) {
    try {
      description = libraries.cudnn->describe_device(index);
    } catch (const kernels::LibraryError& error) {
      libraries.notes.push_back(std::string("cuDNN is not used: ") + error.what());
      libraries.cudnn = nullptr;
    }
  }
  LoadedLibraries result = loaded(std::move(libraries));
  result.description = std::move(description);
  return result;
}

}  // namespace allconv
