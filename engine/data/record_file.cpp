#include "engine/data/record_file.hpp"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::int64_t kLargestInflated = std::int64_t{2} << 30;
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

void RecordFile::inflate() {
  const GzipFile file(gzopen(path_.c_str(), "rbe"));
  if (file == nullptr) throw_system_error("cannot open", path_, errno != 0 ? errno : ENOMEM);
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

void RecordFile::read_at(std::int64_t offset, std::span<std::uint8_t> dst) const {
  if (file_) {
    file_->read_at(offset, std::as_writable_bytes(dst));
    return;
  }
  if (offset < 0 || offset > size_ || static_cast<std::int64_t>(dst.size()) > size_ - offset) {
    throw Error(ErrorKind::io, "the data end early", path_, "fetch the file anew");
  }
  std::memcpy(dst.data(), inflated_.data() + offset, dst.size());
}

}  // namespace allconv
