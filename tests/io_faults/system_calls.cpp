// The C library's functions on files, each of which asks note_call() before it does its work. What
// libraries call under other names (open of a checked build, remove) has its own definition here.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <mutex>

#include "tests/io_faults/fault_injection.hpp"

namespace allconv::io_faults {

namespace {

// The function that this object's own hides.
template <class Function>
Function* hidden(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// Whether the call is to fail; then errno is set.
bool fails(CallKind kind, const std::string& path) {
  const Decision decision = note_call(kind, path);
  if (decision.die) die();
  if (decision.error != 0) errno = decision.error;
  return decision.error != 0;
}

std::string path_below(int folder, const char* path) {
  return folder == AT_FDCWD || path[0] == '/' ? path : path_of(folder) + "/" + path;
}

// `real()` opens the file.
template <class Real>
int open_any(const std::string& path, int flags, const Real& real) {
  if (fails(CallKind::open, path)) return -1;
  const int descriptor = real();
  note_open(descriptor, path, flags);
  return descriptor;
}

// `real(bytes)` moves up to so many bytes.
template <class Real>
ssize_t transfer(CallKind kind, int descriptor, std::size_t bytes, const Real& real) {
  const Decision decision = note_call(kind, path_of(descriptor));
  if (decision.error != 0) {
    errno = decision.error;
    return -1;
  }
  const ssize_t moved = real(decision.half ? (bytes + 1) / 2 : bytes);
  if (decision.die) die();
  return moved;
}

mode_t mode_in(int flags, std::va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

// Which folder a listing is of.
std::mutex listings_mutex;
std::map<DIR*, std::string> listings;  // guarded by listings_mutex

DIR* note_listing(DIR* listing, const std::string& path) {
  const std::scoped_lock lock(listings_mutex);
  if (listing != nullptr) listings[listing] = path;
  return listing;
}

}  // namespace

}  // namespace allconv::io_faults

using namespace allconv::io_faults;  // NOLINT: what follows stands in no namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static auto* const real = hidden<int(const char*, int, ...)>("open");
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  return open_any(path, flags, [=] { return real(path, flags, mode); });
}

int openat(int folder, const char* path, int flags, ...) {
  static auto* const real = hidden<int(int, const char*, int, ...)>("openat");
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  return open_any(path_below(folder, path), flags, [=] { return real(folder, path, flags, mode); });
}

int __open_2(const char* path, int flags) { return open(path, flags); }
int __openat_2(int folder, const char* path, int flags) { return openat(folder, path, flags); }

ssize_t read(int descriptor, void* dst, std::size_t bytes) {
  static auto* const real = hidden<ssize_t(int, void*, std::size_t)>("read");
  return transfer(CallKind::read, descriptor, bytes,
                  [=](std::size_t count) { return real(descriptor, dst, count); });
}

ssize_t pread(int descriptor, void* dst, std::size_t bytes, off_t offset) {
  static auto* const real = hidden<ssize_t(int, void*, std::size_t, off_t)>("pread");
  return transfer(CallKind::read, descriptor, bytes,
                  [=](std::size_t count) { return real(descriptor, dst, count, offset); });
}

ssize_t write(int descriptor, const void* src, std::size_t bytes) {
  static auto* const real = hidden<ssize_t(int, const void*, std::size_t)>("write");
  return transfer(CallKind::write, descriptor, bytes,
                  [=](std::size_t count) { return real(descriptor, src, count); });
}

ssize_t pwrite(int descriptor, const void* src, std::size_t bytes, off_t offset) {
  static auto* const real = hidden<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  return transfer(CallKind::write, descriptor, bytes,
                  [=](std::size_t count) { return real(descriptor, src, count, offset); });
}

// The disk itself is not waited for: what counts is what the product asked for.
int fsync(int descriptor) {
  static auto* const real = hidden<int(int)>("fsync");
  const std::string path = path_of(descriptor);
  if (path.empty()) return real(descriptor);
  if (fails(CallKind::sync, path)) return -1;
  note_flushed(descriptor);
  return 0;
}

int fdatasync(int descriptor) { return fsync(descriptor); }

// The descriptor is gone even where closing fails.
int close(int descriptor) {
  static auto* const real = hidden<int(int)>("close");
  const bool failing = is_writable(descriptor) && fails(CallKind::close, path_of(descriptor));
  const int error = errno;
  note_close(descriptor);
  const int status = real(descriptor);
  if (!failing) return status;
  errno = error;
  return -1;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = hidden<int(const char*, const char*)>("rename");
  if (fails(CallKind::rename, to)) return -1;
  const int status = real(from, to);
  if (status == 0) note_renamed(from, to);
  return status;
}

int unlink(const char* path) noexcept {
  static auto* const real = hidden<int(const char*)>("unlink");
  if (fails(CallKind::unlink, path)) return -1;
  const int status = real(path);
  if (status == 0) note_removed(path);
  return status;
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  static auto* const real = hidden<int(int, const char*, int)>("unlinkat");
  const std::string whole = path_below(folder, path);
  if (fails(CallKind::unlink, whole)) return -1;
  const int status = real(folder, path, flags);
  if (status == 0) note_removed(whole);
  return status;
}

int remove(const char* path) noexcept {
  static auto* const real = hidden<int(const char*)>("remove");
  if (fails(CallKind::unlink, path)) return -1;
  const int status = real(path);
  if (status == 0) note_removed(path);
  return status;
}

int rmdir(const char* path) noexcept {
  static auto* const real = hidden<int(const char*)>("rmdir");
  return fails(CallKind::unlink, path) ? -1 : real(path);
}

int ftruncate(int descriptor, off_t bytes) noexcept {
  static auto* const real = hidden<int(int, off_t)>("ftruncate");
  const std::string path = path_of(descriptor);
  if (fails(CallKind::truncate, path)) return -1;
  const int status = real(descriptor, bytes);
  if (status == 0) note_truncated(path, bytes);
  return status;
}

int flock(int descriptor, int operation) noexcept {
  static auto* const real = hidden<int(int, int)>("flock");
  return fails(CallKind::lock, path_of(descriptor)) ? -1 : real(descriptor, operation);
}

int stat(const char* path, struct stat* status) noexcept {
  static auto* const real = hidden<int(const char*, struct stat*)>("stat");
  return fails(CallKind::examine, path) ? -1 : real(path, status);
}

int lstat(const char* path, struct stat* status) noexcept {
  static auto* const real = hidden<int(const char*, struct stat*)>("lstat");
  return fails(CallKind::examine, path) ? -1 : real(path, status);
}

int fstat(int descriptor, struct stat* status) noexcept {
  static auto* const real = hidden<int(int, struct stat*)>("fstat");
  return fails(CallKind::examine, path_of(descriptor)) ? -1 : real(descriptor, status);
}

int access(const char* path, int mode) noexcept {
  static auto* const real = hidden<int(const char*, int)>("access");
  return fails(CallKind::examine, path) ? -1 : real(path, mode);
}

char* realpath(const char* path, char* resolved) noexcept {
  static auto* const real = hidden<char*(const char*, char*)>("realpath");
  return fails(CallKind::examine, path) ? nullptr : real(path, resolved);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = hidden<int(const char*, mode_t)>("mkdir");
  return fails(CallKind::make, path) ? -1 : real(path, mode);
}

DIR* opendir(const char* path) {
  static auto* const real = hidden<DIR*(const char*)>("opendir");
  return fails(CallKind::open, path) ? nullptr : note_listing(real(path), path);
}

// The descriptor is the listing's from here on.
DIR* fdopendir(int descriptor) {
  static auto* const real = hidden<DIR*(int)>("fdopendir");
  DIR* const listing = note_listing(real(descriptor), path_of(descriptor));
  note_close(descriptor);
  return listing;
}

struct dirent* readdir(DIR* listing) {
  static auto* const real = hidden<struct dirent*(DIR*)>("readdir");
  std::string path;
  {
    const std::scoped_lock lock(listings_mutex);
    path = listings[listing];
  }
  if (fails(CallKind::list, path)) return nullptr;
  struct dirent* const entry = real(listing);
  // As file systems do that keep no types in folders: each entry is to be examined.
  if (entry != nullptr && !path.empty()) entry->d_type = DT_UNKNOWN;
  return entry;
}

int closedir(DIR* listing) {
  static auto* const real = hidden<int(DIR*)>("closedir");
  {
    const std::scoped_lock lock(listings_mutex);
    listings.erase(listing);
  }
  return real(listing);
}

}  // extern "C"
