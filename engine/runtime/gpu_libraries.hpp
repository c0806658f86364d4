// The libraries for GPUs that a program works with: cuDNN and cuBLASLt, loaded while it runs.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace allconv {

namespace kernels {
struct GpuLibraries;  // libraries/gpu_libraries.hpp
}  // namespace kernels

struct LoadedLibraries {
  std::shared_ptr<const kernels::GpuLibraries> libraries;     // null: the program has no CUDA
  std::vector<std::pair<std::string, std::string>> versions;  // name and version of what is there
  std::vector<std::string> notes;  // a sentence for each that is missing or does not start
  std::string description;         // of the GPU, for plans: one JSON object
};

// For plans alone: nothing is started.
LoadedLibraries load_libraries();

// For work on the GPU of that index: those that do not start on it are left out.
LoadedLibraries load_libraries_for(int index);

}  // namespace allconv
