#include "engine/support/atomic_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "engine/support/error.hpp"

namespace allconv {

std::string followed_path(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) < 0) {
    if (errno != ENOENT) throw_system_error("cannot examine", path, errno);
    return path;
  }
  if (S_ISDIR(status.st_mode)) throw_system_error("cannot write", path, EISDIR);
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::io, "not a regular file", path, "give a file, not a pipe or device");
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr),
                                                        &std::free);
  if (resolved == nullptr) throw_system_error("cannot follow the link", path, errno);
  return resolved.get();
}

AtomicFile::AtomicFile(const std::string& path)
    : path_(followed_path(path)), folder_(open_folder(folder_of(path_))) {
  TemporaryFile temporary = create_beside(path_);
  temporary_path_ = std::move(temporary.path);
  file_ = std::move(temporary.file);
}

AtomicFile::~AtomicFile() {
  if (!temporary_path_.empty()) ::unlink(temporary_path_.c_str());
}

void AtomicFile::write(std::string_view bytes) { write_all(file_, bytes, path_); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::commit() {
  sync_file(file_, path_);
  file_.close(path_);
  rename_file(temporary_path_, path_);
  temporary_path_.clear();
  sync_folder(folder_, path_);
}

void write_file_atomically(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

}  // namespace allconv
