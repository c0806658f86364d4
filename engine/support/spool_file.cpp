#include "engine/support/spool_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"

namespace allconv {

SpoolFile::SpoolFile(const std::string& beside) : path_(beside) {
  TemporaryFile temporary = create_beside(path_);
  remove_file(temporary.path);
  file_ = std::move(temporary.file);
}

void SpoolFile::append(std::span<const std::byte> bytes) {
  write_all(file_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path_);
  bytes_ += static_cast<std::int64_t>(bytes.size());
}

void SpoolFile::move_to(AtomicFile& dst) {
  constexpr std::int64_t kBlock = 1 << 20;  // bytes
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(bytes_, kBlock)));
  for (std::int64_t done = 0; done < bytes_;) {
    const ssize_t count =
        ::pread(file_.get(), block.data(), block.size(), static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error("cannot read back what was written", path_, errno);
    if (count == 0) throw Error(ErrorKind::io, "what was written is gone", path_, "check the disk");
    dst.write(std::span(block).first(static_cast<std::size_t>(count)));
    done += count;
  }
  file_.close(path_);
}

}  // namespace allconv
