#include "engine/support/file_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace allconv {

FileLock::FileLock(const std::string& path) : path_(path) {
  do {
    file_ = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
    if (!lock_file(file_, path)) {
      file_ = FileDescriptor();
      return;
    }
  } while (!is_named(file_, path));  // who held it before may have removed the file
}

FileLock::~FileLock() {
  if (held()) ::unlink(path_.c_str());
}

}  // namespace allconv
