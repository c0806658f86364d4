#include "engine/formats/part_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "engine/formats/row_reader.hpp"
#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/input_file.hpp"
#include "engine/support/text.hpp"

namespace allconv {

namespace {

constexpr auto kFlushInterval = std::chrono::milliseconds(900);  // "at least every second"

// Takes the lock for as long as the file is open, or says that another process has it.
void lock_part(const FileDescriptor& file, const std::string& path) {
  const std::string_view mend = "wait for it, or choose another output";
  if (!lock_file(file, path))
    throw Error(ErrorKind::io, "another process is writing the same output", path, mend);
  // The other may have finished, and renamed the file, between our opening and our locking.
  if (!is_named(file, path))
    throw Error(ErrorKind::io, "another process has just written the same output", path, mend);
}

constexpr int kPartFlags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;

// `created`: whether the file was not there.
FileDescriptor open_part(const std::string& path, bool& created) {
  FileDescriptor file = create_file(path, kPartFlags);
  created = file.valid();
  if (!created) file = open_file(path, kPartFlags | O_CREAT);
  if (!S_ISREG(status_of(file, path).st_mode))
    throw Error(ErrorKind::io, "not a regular file", path, "remove it");
  return file;
}

// With the output where its symbolic links end, so that all its files lie in one folder.
PartRequest followed(PartRequest request) {
  request.out_path = followed_path(request.out_path);
  return request;
}

// nullopt: it is not there or no text; then what the rows belong to is not known. A disk that fails
// is an error: nobody should give rows up for that.
std::optional<std::string> identity_text(const std::string& path) {
  constexpr std::int64_t kLimit = 1 << 20;  // bytes
  if (!path_exists(path)) return std::nullopt;
  struct stat status {};
  if (::stat(path.c_str(), &status) < 0) throw_system_error("cannot examine", path, errno);
  if (!S_ISREG(status.st_mode) || status.st_size > kLimit) return std::nullopt;
  return read_file(path, kLimit);
}

constexpr std::string_view kGiveUp = "remove it, or begin anew without resuming";

}  // namespace

PartFile::PartFile(PartRequest request, const Diagnostics& diagnostics)
    : request_(followed(std::move(request))),
      part_path_(request_.out_path + ".part"),
      identity_path_(part_path_ + ".json"),
      folder_(open_folder(folder_of(request_.out_path))),
      file_(open_part(part_path_, created_)) {
  lock_part(file_, part_path_);
  if (request_.start == PartStart::resume && !created_)
    resume(diagnostics);
  else
    begin_anew(diagnostics);
  flusher_ = std::thread([this] { flush_each_second(); });
}

PartFile::~PartFile() { stop_flushing(); }

void PartFile::begin_anew(const Diagnostics& diagnostics) {
  // Another process may have put it there after the caller looked.
  if (request_.start == PartStart::anew && path_exists(request_.out_path)) {
    if (created_) ::unlink(part_path_.c_str());
    throw Error(ErrorKind::usage, "exists already", request_.out_path,
                "choose another output, or have it replaced");
  }
  const off_t old_bytes = status_of(file_, part_path_).st_size;
  if (old_bytes > 0 && diagnostics) {
    diagnostics(Severity::note,
                fmt::format("{}: gave up {} bytes of an unfinished run", part_path_, old_bytes));
  }
  try {
    // In this order a crash never leaves old rows beside the new identity.
    cut(0);
    if (old_bytes > 0) sync_file(file_, part_path_);
    remove_file(identity_path_);
    write_identity();
    append(rows_header(request_.style));
  } catch (...) {
    ::unlink(part_path_.c_str());
    ::unlink(identity_path_.c_str());
    throw;
  }
}

// In place: a kill may tear it, but then no rows stand beside it, and no other file is left behind.
void PartFile::write_identity() const {
  FileDescriptor file = open_file(identity_path_, O_WRONLY | O_CREAT | O_EXCL);
  write_all(file, to_json_line(request_.identity), identity_path_);
  sync_file(file, identity_path_);
  file.close(identity_path_);
  sync_folder(folder_, identity_path_);
}

void PartFile::resume(const Diagnostics& diagnostics) {
  const off_t bytes = status_of(file_, part_path_).st_size;
  const std::optional<std::string> text = identity_text(identity_path_);
  const bool begun = text && text->ends_with('\n');  // else the identity itself is torn
  if (!begun && bytes == 0) return begin_anew(diagnostics);
  if (!text) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} cannot be read, so what these rows belong to is not known", identity_path_),
        part_path_, kGiveUp);
  }
  check_identity(*text, diagnostics);
  const RowCounts counts = count_rows(part_path_, request_.style.format, request_.lines_per_row);
  if (counts.rest == RowReader::Rest::foreign) {
    throw Error(ErrorKind::usage,
                fmt::format("what follows byte {} is no row of this run", counts.bytes), part_path_,
                kGiveUp);
  }
  if (counts.rows > request_.rows) {
    throw Error(ErrorKind::usage,
                fmt::format("holds {} rows for {} inputs", counts.rows, request_.rows), part_path_,
                kGiveUp);
  }
  cut(counts.bytes);
  rows_found_ = counts.rows;
  failures_found_ = counts.failed;
  if (length_ == 0) append(rows_header(request_.style));
}

void PartFile::check_identity(const std::string& text, const Diagnostics& diagnostics) const {
  const IdentityComparison found = compare_identity(request_.identity, text, identity_path_);
  if (!found.differences.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("belongs to another run: {}", fmt::join(found.differences, ", ")),
                part_path_, "give the same as then, or begin anew without resuming");
  }
  if (found.device != request_.identity.device && diagnostics) {
    diagnostics(Severity::warning,
                fmt::format("{}: its rows were computed on {}, those to come on {}: last digits "
                            "may differ",
                            part_path_, to_utf8(found.device), request_.identity.device));
  }
}

void PartFile::cut(std::int64_t length) {
  truncate_file(file_, length, part_path_);
  length_ = length;
}

void remove_stale_identity(const std::string& out_path) {
  const std::string part_path = out_path + ".part";
  const std::string identity_path = part_path + ".json";
  if (!path_exists(identity_path)) return;
  // The part file is created for its lock: a run that begins now is kept out, one that has begun
  // keeps its identity.
  const FileDescriptor file = create_file(part_path, kPartFlags);
  if (!file.valid()) return;
  lock_part(file, part_path);
  remove_file(identity_path);
  remove_file(part_path);
}

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
  const std::string& out_path = request_.out_path;
  rename_file(part_path_, out_path);
  // The identity goes last: a crash before leaves OUT, and an identity that belongs to no rows.
  sync_folder(folder_, out_path);
  remove_file(identity_path_);
  file_.close(out_path);
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
