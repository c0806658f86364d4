// FileDescriptor: an owned, read-only file that threads may read at any offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace allconv {

// Move-only. Functions report failures by errno, as the system calls do.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  // Opens for reading; never blocks on a pipe without a writer. Check is_open().
  explicit FileDescriptor(const std::string& path);
  FileDescriptor(FileDescriptor&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~FileDescriptor();

  bool is_open() const { return handle_ >= 0; }

  // Bytes of a regular file; -1 with errno set for anything else.
  std::int64_t size() const;

  // Fills `dst` from `offset`; false with errno set, to 0 where the file ends early.
  bool read_at(std::int64_t offset, std::span<std::byte> dst) const;

 private:
  int handle_ = -1;
};

}  // namespace allconv
