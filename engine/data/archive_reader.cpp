#include "engine/data/archive_reader.hpp"

#include <cerrno>
#include <new>
#include <utility>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 16;

// Photographs hardly shrink, drawings by tens: what inflates beyond this was made to do harm, and
// is told after a second, not after the terabyte that it may hold.
constexpr std::int64_t kLargestRatio = 200;
constexpr std::int64_t kFreeBytes = std::int64_t{1} << 30;

}  // namespace

ArchiveReader::ArchiveReader(std::unique_ptr<ByteStream> source, std::string path)
    : source_(std::move(source)),
      path_(std::move(path)),
      block_(kBlockBytes),
      reader_(archive_read_new()) {
  if (reader_ == nullptr) throw std::bad_alloc();
}

void ArchiveReader::open() {
  check(archive_read_set_skip_callback(get(), skip_bytes));
  check(archive_read_open(get(), this, nullptr, read_block, nullptr));
}

la_ssize_t ArchiveReader::check(la_ssize_t result, const std::string& where) {
  // Warnings are about what is not looked at: owners, times, names in another character set.
  if (result >= 0 || result == ARCHIVE_WARN) return result;
  if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
  if (archive_errno(get()) == ENOMEM) throw std::bad_alloc();
  const char* reason = archive_error_string(get());
  throw Error(ErrorKind::io,
              "the archive is damaged or ends early" + where +
                  (reason == nullptr ? "" : " (" + std::string(reason) + ")"),
              path_, "fetch or make it anew");
}

std::int64_t ArchiveReader::drain() {
  position_ += source_->skip(INT64_MAX);
  for (std::size_t bytes = 1; bytes > 0; count(bytes)) bytes = source_->read(block_);
  return position_;
}

void ArchiveReader::count(std::size_t bytes) {
  position_ += static_cast<std::int64_t>(bytes);
  const std::int64_t excess = position_ - kFreeBytes;
  if (excess > 0 && excess / kLargestRatio > source_->file_position()) {
    throw Error(ErrorKind::io, "inflates to more than 1 GiB and 200 times its size", path_,
                "unpack it if you trust it");
  }
}

void ArchiveReader::keep_exception(archive* reader) {
  exception_ = std::current_exception();
  archive_set_error(reader, EIO, "cannot read");
}

// No exception may pass through libarchive, which is C.
la_ssize_t ArchiveReader::read_block(archive* reader, void* self, const void** block) {
  auto& input = *static_cast<ArchiveReader*>(self);
  try {
    *block = input.block_.data();
    const std::size_t bytes = input.source_->read(input.block_);
    input.count(bytes);
    return static_cast<la_ssize_t>(bytes);
  } catch (...) {
    input.keep_exception(reader);
    return -1;
  }
}

la_int64_t ArchiveReader::skip_bytes(archive* /*reader*/, void* self, la_int64_t bytes) {
  auto& input = *static_cast<ArchiveReader*>(self);
  const std::int64_t skipped = input.source_->skip(bytes);
  input.position_ += skipped;
  return skipped;
}

}  // namespace allconv
