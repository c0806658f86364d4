// SharedLibrary: a library that is loaded while the program runs.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace allconv::kernels {

// A loaded library; unloaded with the object, after which nothing of it may be called.
class SharedLibrary {
 public:
  // Loads the first of the paths that there is. Throws LibraryError that says what became of each.
  explicit SharedLibrary(const std::vector<std::string>& paths);
  SharedLibrary(SharedLibrary&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  SharedLibrary& operator=(SharedLibrary&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~SharedLibrary();

  // Sets the pointer to the function of that name. Throws LibraryError where the library has none.
  template <class Function>
  void find(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(address(name));
  }

 private:
  void* address(const char* name) const;

  void* handle_ = nullptr;
};

// Where NVIDIA's libraries lie, in the order to look: the Python packages of $VIRTUAL_ENV
// (nvidia-cudnn-cu13, nvidia-cublas), where the dynamic loader finds them by itself
// (LD_LIBRARY_PATH, the system's folders, a copy that the process has loaded already), the toolkit
// of $CUDA_HOME or $CUDA_PATH, and /usr/local/cuda. `name` as the loader knows it: "libcudnn.so.9".
std::vector<std::string> nvidia_library_paths(const std::string& name);

// 91900 -> "9.19.0", as NVIDIA's libraries count their versions.
std::string nvidia_version_text(std::size_t version);

}  // namespace allconv::kernels
