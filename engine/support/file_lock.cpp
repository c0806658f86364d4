#include "engine/support/file_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace allconv {

namespace {

// Whether `path` still names the open file: who held the lock before us may have removed it.
bool is_named(const FileDescriptor& file, const std::string& path) {
  struct stat ours {};
  struct stat named {};
  if (::fstat(file.get(), &ours) < 0) throw_system_error("cannot examine", path, errno);
  if (::lstat(path.c_str(), &named) < 0) {
    if (errno != ENOENT) throw_system_error("cannot examine", path, errno);
    return false;
  }
  return ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

}  // namespace

FileLock::FileLock(const std::string& path) : path_(path) {
  do {
    file_ = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
    if (!lock_file(file_, path)) {
      file_ = FileDescriptor();
      return;
    }
  } while (!is_named(file_, path));
}

FileLock::~FileLock() {
  if (held()) ::unlink(path_.c_str());
}

}  // namespace allconv
