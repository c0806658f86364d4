#include "engine/support/file_descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr mode_t kNewFileMode = 0666;  // less the umask

// Calls a function that returns -1 and sets errno until no signal interrupts it.
template <class Call>
auto retry(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

std::string_view mend_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT: return "free some space or choose another disk";
    case ENOENT:
    case ENOTDIR: return "give a path that exists";
    case EACCES:
    case EPERM: return "check the permissions";
    case EROFS: return "choose a folder that can be written";
    case EISDIR: return "give a file, not a folder";
    case EMFILE:
    case ENFILE: return "raise the limit of open files";
    case ENAMETOOLONG: return "use a shorter path";
    case EFBIG: return "raise the limit of the file size or choose another disk";
    default: return "check the disk";
  }
}

}  // namespace

void throw_system_error(std::string_view what, const std::string& path, int number) {
  throw Error(ErrorKind::io, fmt::format("{} ({})", what, std::generic_category().message(number)),
              path, mend_of(number));
}

FileDescriptor::~FileDescriptor() {
  if (valid()) ::close(descriptor_);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void FileDescriptor::close(const std::string& path) {
  // The descriptor is gone whatever close(2) answers, an interruption included.
  if (::close(std::exchange(descriptor_, -1)) < 0 && errno != EINTR)
    throw_system_error("cannot finish writing", path, errno);
}

FileDescriptor open_file(const std::string& path, int flags) {
  const int descriptor =
      retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kNewFileMode); });
  if (descriptor < 0) throw_system_error("cannot open", path, errno);
  return FileDescriptor(descriptor);
}

FileDescriptor create_file(const std::string& path, int flags) {
  const int all = flags | O_CREAT | O_EXCL | O_CLOEXEC;
  const int descriptor = retry([&] { return ::open(path.c_str(), all, kNewFileMode); });
  if (descriptor < 0 && errno != EEXIST) throw_system_error("cannot create", path, errno);
  return FileDescriptor(descriptor);
}

TemporaryFile create_beside(const std::string& path) {
  for (int number = 0;; ++number) {  // until a name is free
    std::string name = fmt::format("{}/.allconv-{}-{}.tmp", folder_of(path), ::getpid(), number);
    const int descriptor = retry(
        [&] { return ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kNewFileMode); });
    if (descriptor >= 0) return {std::move(name), FileDescriptor(descriptor)};
    if (errno != EEXIST) throw_system_error("cannot create a file beside it", path, errno);
  }
}

void write_all(const FileDescriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = retry([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
    if (written < 0) throw_system_error("cannot write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void truncate_file(const FileDescriptor& file, std::int64_t bytes, const std::string& path) {
  if (retry([&] { return ::ftruncate(file.get(), static_cast<off_t>(bytes)); }) < 0)
    throw_system_error("cannot change its size", path, errno);
}

bool lock_file(const FileDescriptor& file, const std::string& path) {
  if (retry([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) == 0) return true;
  if (errno != EWOULDBLOCK) throw_system_error("cannot lock", path, errno);
  return false;
}

void sync_file(const FileDescriptor& file, const std::string& path) {
  if (retry([&] { return ::fsync(file.get()); }) < 0)
    throw_system_error("cannot flush to the disk", path, errno);
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) < 0)
    throw_system_error("cannot put the finished file in its place", to, errno);
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) < 0 && errno != ENOENT)
    throw_system_error("cannot remove", path, errno);
}

struct stat status_of(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) < 0) throw_system_error("cannot examine", path, errno);
  return status;
}

bool is_named(const FileDescriptor& file, const std::string& path) {
  const struct stat ours = status_of(file, path);
  struct stat named {};
  if (::lstat(path.c_str(), &named) < 0) {
    if (errno != ENOENT) throw_system_error("cannot examine", path, errno);
    return false;
  }
  return ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

bool path_exists(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) throw_system_error("cannot examine", path, errno);
  return false;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

FileDescriptor open_folder(const std::string& folder) {
  return open_file(folder, O_RDONLY | O_DIRECTORY);
}

void sync_folder(const FileDescriptor& folder, const std::string& path) {
  // EINVAL: the file system has no such operation, and orders its entries by itself.
  if (retry([&] { return ::fsync(folder.get()); }) < 0 && errno != EINVAL)
    throw_system_error("cannot flush its folder to the disk", path, errno);
}

}  // namespace allconv
