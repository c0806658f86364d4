#include "engine/data/record_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestInflated = std::int64_t{1} << 30;
constexpr std::size_t kFirstBuffer = std::size_t{1} << 20;

struct CloseGzip {
  void operator()(gzFile file) const { gzclose_r(file); }
};
using GzipFile = std::unique_ptr<std::remove_pointer_t<gzFile>, CloseGzip>;

}  // namespace

RecordFile::RecordFile(std::string path) : path_(std::move(path)) {
  if (path_.ends_with(".gz")) {
    inflate();
    return;
  }
  file_.emplace(path_);
  size_ = file_->size();
}

// Not a Buffer: the system moves large blocks without a copy, so that no two lie side by side.
void RecordFile::reserve(std::size_t bytes) {
  void* const larger = std::realloc(inflated_.get(), bytes);
  if (larger == nullptr) throw std::bad_alloc();
  static_cast<void>(inflated_.release());
  inflated_.reset(static_cast<std::uint8_t*>(larger));
}

void RecordFile::inflate() {
  const InputFile regular(path_);  // a pipe would be waited for
  const GzipFile file(gzopen(path_.c_str(), "rbe"));
  if (file == nullptr) throw_system_error("cannot open", path_, errno != 0 ? errno : ENOMEM);
  for (std::size_t room = 0;;) {
    const auto filled = static_cast<std::size_t>(size_);
    if (filled == room) {  // doubling: memory follows the data, not a header's claim
      room = std::max(kFirstBuffer, 2 * room);
      reserve(room);
    }
    const int count =
        gzread(file.get(), inflated_.get() + filled, static_cast<unsigned>(room - filled));
    int code = Z_OK;
    gzerror(file.get(), &code);
    if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      throw Error(ErrorKind::io, "the compressed data are damaged or end early", path_,
                  "fetch the file anew");
    }
    if (count == 0) return;
    size_ += count;
    if (size_ > kLargestInflated) {
      throw Error(ErrorKind::io, "inflates to more than 1 GiB", path_, "unpack it with gunzip");
    }
  }
}

void RecordFile::read_at(std::int64_t offset, std::span<std::uint8_t> dst) const {
  if (file_) {
    file_->read_at(offset, std::as_writable_bytes(dst));
    return;
  }
  if (offset < 0 || offset > size_ || static_cast<std::int64_t>(dst.size()) > size_ - offset) {
    throw Error(ErrorKind::io, "the data end early", path_, "fetch the file anew");
  }
  std::memcpy(dst.data(), inflated_.get() + offset, dst.size());
}

}  // namespace allconv
