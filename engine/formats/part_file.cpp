#include "engine/formats/part_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>

#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"

namespace allconv {

namespace {

constexpr auto kFlushInterval = std::chrono::milliseconds(900);  // "at least every second"

struct stat status_of(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) < 0) throw_system_error("cannot examine", path, errno);
  return status;
}

// Takes the lock for as long as the file is open, or says that another process has it.
void lock_part(const FileDescriptor& file, const std::string& path) {
  const std::string_view mend = "wait for it, or choose another output";
  if (::flock(file.get(), LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK) throw_system_error("cannot lock", path, errno);
    throw Error(ErrorKind::io, "another process is writing the same output", path, mend);
  }
  // The other may have finished, and renamed the file, between our opening and our locking.
  const struct stat ours = status_of(file, path);
  struct stat named {};
  if (::stat(path.c_str(), &named) < 0 || named.st_ino != ours.st_ino ||
      named.st_dev != ours.st_dev) {
    throw Error(ErrorKind::io, "another process has just written the same output", path, mend);
  }
}

std::string identity_text(const PartIdentity& identity) {
  const nlohmann::ordered_json value = {{"program", identity.program},
                                        {"model", hash_text(identity.model_hash)}};
  return value.dump() + "\n";
}

}  // namespace

PartFile::PartFile(const std::string& out_path, const PartIdentity& identity)
    : out_path_(out_path),
      part_path_(out_path + ".part"),
      identity_path_(part_path_ + ".json"),
      folder_(open_folder(folder_of(out_path))),
      file_(open_file(part_path_, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK)) {
  if (!S_ISREG(status_of(file_, part_path_).st_mode))
    throw Error(ErrorKind::io, "not a regular file", part_path_, "remove it");
  lock_part(file_, part_path_);
  try {
    if (::ftruncate(file_.get(), 0) < 0) throw_system_error("cannot empty", part_path_, errno);
    write_file_atomically(identity_path_, identity_text(identity));
    flusher_ = std::thread([this] { flush_each_second(); });
  } catch (...) {
    ::unlink(part_path_.c_str());
    ::unlink(identity_path_.c_str());
    throw;
  }
}

PartFile::~PartFile() { stop_flushing(); }

void PartFile::append(std::string_view lines) {
  {
    const std::lock_guard guard(mutex_);
    if (flush_failure_) std::rethrow_exception(flush_failure_);
  }
  try {
    write_all(file_, lines, part_path_);
  } catch (...) {
    // Takes back a torn line; where even that fails, the first error is the one to report.
    [[maybe_unused]] const int ignored = ::ftruncate(file_.get(), static_cast<off_t>(length_));
    throw;
  }
  length_ += static_cast<std::int64_t>(lines.size());
  const std::lock_guard guard(mutex_);
  dirty_ = true;
}

void PartFile::finish() {
  stop_flushing();
  if (flush_failure_) std::rethrow_exception(flush_failure_);
  sync_file(file_, part_path_);
  if (::rename(part_path_.c_str(), out_path_.c_str()) < 0)
    throw_system_error("cannot put the finished file in its place", out_path_, errno);
  if (::unlink(identity_path_.c_str()) < 0 && errno != ENOENT)
    throw_system_error("cannot remove", identity_path_, errno);
  sync_folder(folder_, out_path_);
  file_.close(out_path_);
}

void PartFile::flush_each_second() {
  std::unique_lock guard(mutex_);
  while (!stopping_) {
    wake_.wait_for(guard, kFlushInterval, [this] { return stopping_; });
    if (stopping_ || !dirty_) continue;
    dirty_ = false;
    guard.unlock();
    std::exception_ptr failure;
    try {
      sync_file(file_, part_path_);
    } catch (...) {
      failure = std::current_exception();
    }
    guard.lock();
    if (failure) flush_failure_ = failure;
  }
}

void PartFile::stop_flushing() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (flusher_.joinable()) flusher_.join();
}

}  // namespace allconv
