// FileLock: a lock between processes, held on a file made for it. It ends with its process, however
// that ends.
#pragma once

#include <string>

#include "engine/support/file_descriptor.hpp"

namespace allconv {

// Advisory: it keeps out only who asks for the same lock. Used by one thread at a time.
class FileLock {
 public:
  // Takes the lock or finds that another process has it; does not wait. Throws Error{io}.
  explicit FileLock(const std::string& path);
  // Removes the file, if the lock is held.
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool held() const { return file_.valid(); }

 private:
  std::string path_;
  FileDescriptor file_;
};

}  // namespace allconv
