// AtomicFile: a file that appears whole or not at all. Written beside the target in the same
// folder, flushed, renamed; a crash leaves the old file or the new one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/support/file_descriptor.hpp"

namespace allconv {

// The file that writing to `path` replaces: where its symbolic links end, if they lead to a file,
// else `path`. Throws Error{io} for a folder, pipe or device.
std::string followed_path(const std::string& path);

// Used by one thread at a time. Every function throws Error{io}; the temporary file goes with the
// object unless commit() has returned.
class AtomicFile {
 public:
  // Refuses a `path` that is a folder, pipe or device. A symbolic link is followed: its target is
  // replaced.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void write(std::span<const std::byte> bytes);

  // Puts the file in its place; call it once, last.
  void commit();

 private:
  std::string path_;
  FileDescriptor folder_;
  std::string temporary_path_;  // empty once renamed
  FileDescriptor file_;
};

void write_file_atomically(const std::string& path, std::string_view content);

}  // namespace allconv
