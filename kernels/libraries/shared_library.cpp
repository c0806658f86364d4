#include "kernels/libraries/shared_library.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "kernels/libraries/library_error.hpp"

namespace allconv::kernels {

namespace {

namespace fs = std::filesystem;

std::string loader_message() {
  const char* const message = dlerror();
  return message != nullptr ? message : "the loader gives no reason";
}

// Folders inside, by name; none where there is no such folder.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code unreadable, no_folder;
  for (fs::directory_iterator entry(folder, unreadable);
       !unreadable && entry != fs::directory_iterator(); entry.increment(unreadable)) {
    if (entry->is_directory(no_folder)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// As NVIDIA's wheels lie: lib/python3.11/site-packages/nvidia/cudnn/lib.
void add_python_packages(const std::string& name, std::vector<std::string>& paths) {
  const char* const environment = std::getenv("VIRTUAL_ENV");
  if (environment == nullptr) return;
  for (const fs::path& python : folders_in(fs::path(environment) / "lib")) {
    for (const fs::path& package : folders_in(python / "site-packages" / "nvidia")) {
      const fs::path candidate = package / "lib" / name;
      std::error_code unreadable;
      if (fs::exists(candidate, unreadable)) paths.push_back(candidate.string());
    }
  }
}

}  // namespace

SharedLibrary::SharedLibrary(const std::vector<std::string>& paths) {
  std::string messages;
  for (const std::string& path : paths) {
    handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) return;
    messages += (messages.empty() ? "" : "; ") + loader_message();
  }
  throw LibraryError(messages);
}

SharedLibrary::~SharedLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

void* SharedLibrary::address(const char* name) const {
  void* const found = dlsym(handle_, name);
  if (found == nullptr) throw LibraryError(loader_message());
  return found;
}

std::string nvidia_version_text(std::size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

std::vector<std::string> nvidia_library_paths(const std::string& name) {
  std::vector<std::string> paths;
  add_python_packages(name, paths);
  paths.push_back(name);
  for (const char* const variable : {"CUDA_HOME", "CUDA_PATH"}) {
    const char* const toolkit = std::getenv(variable);
    if (toolkit != nullptr) paths.push_back(std::string(toolkit) + "/lib64/" + name);
  }
  paths.push_back("/usr/local/cuda/lib64/" + name);
  return paths;
}

}  // namespace allconv::kernels
