#include "kernels/libraries/gpu_libraries.hpp"

#include "kernels/libraries/cublaslt.hpp"
#include "kernels/libraries/cudnn.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv::kernels {

GpuLibraries load_gpu_libraries() {
  GpuLibraries libraries;
  const auto load = [&]<class Library>(std::shared_ptr<const Library>& into, const char* name) {
    try {
      into = Library::load();
    } catch (const LibraryError& error) {
      libraries.notes.push_back(std::string(name) + " is not used: " + error.what());
    }
  };
  load(libraries.cudnn, "cuDNN");
  load(libraries.cublaslt, "cuBLASLt");
  return libraries;
}

namespace {

// The library's context; null where there is no library, or it does not start.
template <class Handle, class Library>
Handle start(std::shared_ptr<const Library>& library, const char* name,
             std::vector<std::string>& notes) {
  Handle handle = nullptr;
  if (library == nullptr) return handle;
  try {
    library->check(library->functions().create(&handle), "starting");
    return handle;
  } catch (const LibraryError& error) {
    notes.push_back(std::string(name) + " is not used: " + error.what());
    library = nullptr;
    return nullptr;
  }
}

}  // namespace

LibraryHandles::LibraryHandles(GpuLibraries& libraries)
    : cudnn_(start<cudnn_abi::Handle>(libraries.cudnn, "cuDNN", libraries.notes)),
      cublaslt_(start<cublaslt_abi::Handle>(libraries.cublaslt, "cuBLASLt", libraries.notes)),
      cudnn_library_(libraries.cudnn),
      cublaslt_library_(libraries.cublaslt) {}

// A handle that cannot be given back is lost; nothing else depends on it.
LibraryHandles::~LibraryHandles() {
  if (cudnn_ != nullptr) {
    static_cast<void>(cudnn_library_->functions().destroy(static_cast<cudnn_abi::Handle>(cudnn_)));
  }
  if (cublaslt_ != nullptr) {
    static_cast<void>(
        cublaslt_library_->functions().destroy(static_cast<cublaslt_abi::Handle>(cublaslt_)));
  }
}

}  // namespace allconv::kernels
