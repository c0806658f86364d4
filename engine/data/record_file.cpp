#include "engine/data/record_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestInflated = std::int64_t{2} << 30;
constexpr std::size_t kFirstBuffer = std::size_t{1} << 20;

[[noreturn]] void throw_unreadable(const std::string& path, int code) {
  const std::string reason =
      code == 0 ? "it ends early" : std::generic_category().message(code);
  throw Error(ErrorKind::io, "cannot read the file: " + reason, path,
              "give a whole file that may be read");
}

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
  file_ = FileDescriptor(path_);
  if (!file_.is_open()) throw_unreadable(path_, errno);
  size_ = file_.size();
  if (size_ < 0) throw_unreadable(path_, errno);
}

void RecordFile::inflate() {
  const GzipFile file(gzopen(path_.c_str(), "rbe"));
  if (file == nullptr) throw_unreadable(path_, errno != 0 ? errno : ENOMEM);
  inflated_ = kernels::Buffer<std::uint8_t>(kFirstBuffer);
  for (;;) {
    const auto filled = static_cast<std::size_t>(size_);
    if (filled == inflated_.size()) {  // doubling: memory follows the data, not a header's claim
      kernels::Buffer<std::uint8_t> larger(2 * filled);
      std::memcpy(larger.data(), inflated_.data(), filled);
      inflated_ = std::move(larger);
    }
    const int count = gzread(file.get(), inflated_.data() + filled,
                             static_cast<unsigned>(inflated_.size() - filled));
    int code = Z_OK;
    gzerror(file.get(), &code);
    if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      throw Error(ErrorKind::io, "the compressed data are damaged or end early", path_,
                  "fetch the file anew");
    }
    if (count == 0) return;
    size_ += count;
    if (size_ > kLargestInflated) {
      throw Error(ErrorKind::io, "inflates to more than 2 GiB", path_, "unpack it with gunzip");
    }
  }
}

bool RecordFile::read_at(std::int64_t offset, std::span<std::uint8_t> dst) const {
  if (file_.is_open()) return file_.read_at(offset, std::as_writable_bytes(dst));
  if (offset < 0 || offset > size_ || static_cast<std::int64_t>(dst.size()) > size_ - offset) {
    errno = 0;
    return false;
  }
  std::memcpy(dst.data(), inflated_.data() + offset, dst.size());
  return true;
}

void RecordFile::require_at(std::int64_t offset, std::span<std::uint8_t> dst) const {
  if (!read_at(offset, dst)) throw_unreadable(path_, errno);
}

}  // namespace allconv
