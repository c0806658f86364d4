#include "engine/data/record_file.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestInflated = std::int64_t{1} << 30;
constexpr std::size_t kFirstBuffer = std::size_t{1} << 20;

}  // namespace

RecordFile::RecordFile(std::string path)
    : path_(std::move(path)), file_(std::make_unique<const InputFile>(path_)) {
  if (path_.ends_with(".gz"))
    stream_ = std::make_unique<GzipStream>(*file_);
  else
    size_ = file_->size();
}

// Not a Buffer: the system moves large blocks without a copy, so that no two lie side by side.
void RecordFile::reserve(std::size_t bytes) {
  void* const larger = std::realloc(inflated_.get(), bytes);
  if (larger == nullptr) throw std::bad_alloc();
  static_cast<void>(inflated_.release());
  inflated_.reset(static_cast<std::uint8_t*>(larger));
  room_ = bytes;
}

void RecordFile::inflate(std::int64_t bytes) {
  if (stream_ != nullptr && bytes > kLargestInflated)
    throw Error(ErrorKind::io, "inflates to more than 1 GiB", path_, "unpack it with gunzip");
  while (stream_ != nullptr && size_ < bytes) {
    const auto filled = static_cast<std::size_t>(size_);
    // Doubling: memory follows the data, not a header's claim.
    if (filled == room_) reserve(std::max(kFirstBuffer, 2 * room_));
    const std::size_t wanted = std::min(room_ - filled, static_cast<std::size_t>(bytes) - filled);
    const std::size_t count =
        stream_->read(std::as_writable_bytes(std::span(inflated_.get() + filled, wanted)));
    if (count == 0) return;
    size_ += static_cast<std::int64_t>(count);
  }
}

void RecordFile::read_at(std::int64_t offset, std::span<std::uint8_t> dst) const {
  if (stream_ == nullptr) {
    file_->read_at(offset, std::as_writable_bytes(dst));
    return;
  }
  if (offset < 0 || offset > size_ || static_cast<std::int64_t>(dst.size()) > size_ - offset) {
    throw Error(ErrorKind::io, "the data end early", path_, "fetch the file anew");
  }
  std::memcpy(dst.data(), inflated_.get() + offset, dst.size());
}

}  // namespace allconv
