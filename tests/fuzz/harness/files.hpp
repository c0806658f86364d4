// Files for entry points that take paths. A file in memory costs a few microseconds an input; names
// and folders are links to it, made once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/support/file_descriptor.hpp"

namespace allconv::fuzz {

// A file without a name. Throws std::system_error.
class MemoryFile {
 public:
  MemoryFile();

  const std::string& path() const { return path_; }  // "/proc/self/fd/N"
  void write(std::string_view bytes);                // replaces the content

 private:
  FileDescriptor file_;
  std::string path_;
};

// A copy of bytes whose last one stands before a page that must not be touched: decoders that no
// sanitizer has been compiled into are caught reading beyond the end too. Throws std::system_error.
class GuardedBytes {
 public:
  GuardedBytes();  // room for kMost bytes

  // Valid until the next call; more bytes than there is room for stand unguarded, where they are.
  std::span<const std::uint8_t> copy(std::span<const std::uint8_t> bytes);

 private:
  static constexpr std::size_t kMost = 1 << 18;  // a multiple of any page
  std::uint8_t* memory_;                         // as long as the process
};

// A folder in memory where the system has one; removed, with all in it, at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  void link(std::string_view name, const MemoryFile& file) const;

 private:
  std::string path_;
};

std::string read_all(const std::string& path);

}  // namespace allconv::fuzz
