// SpoolFile: bytes that wait on a disk until it is known what stands in front of them. The file has
// no name, so nothing is left of it however the process ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "engine/support/file_descriptor.hpp"

namespace allconv {

class AtomicFile;

// Used by one thread at a time. Every function throws Error{io}, which names `beside`.
class SpoolFile {
 public:
  // On the disk of the folder that holds `beside`.
  explicit SpoolFile(const std::string& beside);

  std::int64_t bytes() const { return bytes_; }
  void append(std::span<const std::byte> bytes);

  // Copies all bytes to the end of `dst` and gives their disk space back; call it once, last.
  void move_to(AtomicFile& dst);

 private:
  std::string path_;
  FileDescriptor file_;
  std::int64_t bytes_ = 0;
};

}  // namespace allconv
