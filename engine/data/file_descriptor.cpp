#include "engine/data/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace allconv {

FileDescriptor::FileDescriptor(const std::string& path) {
  do {
    handle_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (handle_ < 0 && errno == EINTR);
}

FileDescriptor::~FileDescriptor() {
  if (handle_ >= 0) ::close(handle_);  // read only: nothing can be lost by a failure
}

std::int64_t FileDescriptor::size() const {
  struct stat facts;
  if (::fstat(handle_, &facts) != 0) return -1;
  if (S_ISREG(facts.st_mode)) return facts.st_size;
  errno = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;
  return -1;
}

bool FileDescriptor::read_at(std::int64_t offset, std::span<std::byte> dst) const {
  while (!dst.empty()) {
    const ssize_t count = ::pread(handle_, dst.data(), dst.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (count == 0) errno = 0;
      return false;
    }
    offset += count;
    dst = dst.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace allconv
