// GpuLibraries: the libraries for GPUs that are loaded while the program runs, if they are there:
// cuDNN and cuBLASLt. Nothing here needs a GPU but a LibraryHandles.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace allconv::kernels {

class Cudnn;     // cudnn.hpp
class CublasLt;  // cublaslt.hpp

struct GpuLibraries {
  std::shared_ptr<const Cudnn> cudnn;        // null: missing
  std::shared_ptr<const CublasLt> cublaslt;  // null: missing
  std::vector<std::string> notes;            // a sentence for each that is missing, and why
};

// Looks for both, in the order that docs/kernels.md gives. Throws nothing: what is missing or
// broken is noted.
GpuLibraries load_gpu_libraries();

// The contexts of both libraries on the GPU that is current when they are made. Used by one thread
// at a time.
class LibraryHandles {
 public:
  // A library that is there but cannot start on this GPU is taken out of `libraries`, and noted.
  explicit LibraryHandles(GpuLibraries& libraries);
  ~LibraryHandles();
  LibraryHandles(const LibraryHandles&) = delete;
  LibraryHandles& operator=(const LibraryHandles&) = delete;

  void* cudnn() const { return cudnn_; }        // a cudnnHandle_t; null: missing
  void* cublaslt() const { return cublaslt_; }  // a cublasLtHandle_t; null: missing

 private:
  void* cudnn_;
  void* cublaslt_;
  std::shared_ptr<const Cudnn> cudnn_library_;
  std::shared_ptr<const CublasLt> cublaslt_library_;
};

}  // namespace allconv::kernels
