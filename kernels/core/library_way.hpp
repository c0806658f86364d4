// LibraryWay: one way of a library to compute a problem on a GPU; see library_kernel.hpp. Plain
// data, known without CUDA.
#pragma once

#include <cstddef>
#include <string>

namespace allconv::kernels {

struct LibraryWay {
  std::string label;                // "engine 34": for people
  std::string plan;                 // the library's own text
  std::size_t workspace_bytes = 0;  // of scratch
};

}  // namespace allconv::kernels
