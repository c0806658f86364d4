#include "engine/support/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/support/error.hpp"

namespace allconv {

InputFile::InputFile(const std::string& path)
    // Non-blocking: opening a pipe that nobody writes to must not wait.
    : path_(path), file_(open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)) {
  const struct stat status = status_of(file_, path);
  if (S_ISDIR(status.st_mode)) throw_system_error("cannot read", path, EISDIR);
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::io, "not a regular file", path, "give a file, not a pipe or device");
  size_ = status.st_size;
}

std::size_t InputFile::read_some_at(std::int64_t offset, std::span<std::byte> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(file_.get(), bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(offset) + static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error("cannot read", path_, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

void InputFile::read_at(std::int64_t offset, std::span<std::byte> bytes) const {
  const std::size_t done = read_some_at(offset, bytes);
  if (done < bytes.size()) {
    throw Error(ErrorKind::io, fmt::format("the file ends {} bytes early", bytes.size() - done),
                path_, "do not change it while it is read");
  }
}

std::string read_file(const InputFile& file, std::int64_t limit) {
  // What the size says may be wrong (files in /proc have size 0): read until the end.
  constexpr std::int64_t kLeastChunk = 1 << 16;
  std::string content;
  while (static_cast<std::int64_t>(content.size()) <= limit) {
    const std::size_t begin = content.size();
    const auto done = static_cast<std::int64_t>(begin);
    // One byte more than the size, so that the end is seen at the first attempt.
    const std::int64_t wanted = std::max(kLeastChunk, file.size() - done + 1);
    content.resize(static_cast<std::size_t>(done + std::min(wanted, limit - done + 1)));
    const std::size_t count =
        file.read_some_at(done, std::as_writable_bytes(std::span(content).subspan(begin)));
    const bool ended = begin + count < content.size();
    content.resize(begin + count);
    if (ended) return content;
  }
  throw Error(ErrorKind::io, fmt::format("the file has more than {} bytes", limit), file.path(),
              "give a smaller file");
}

std::string read_file(const std::string& path, std::int64_t limit) {
  return read_file(InputFile(path), limit);
}

}  // namespace allconv
