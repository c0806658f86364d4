// LibraryError: a library for GPUs refused a call, or cannot be loaded.
#pragma once

#include <stdexcept>

namespace allconv::kernels {

class LibraryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace allconv::kernels
