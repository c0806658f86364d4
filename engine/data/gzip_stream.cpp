#include "engine/data/gzip_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <climits>
#include <new>

#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr std::size_t kInputBytes = std::size_t{1} << 16;
constexpr int kGzipWindow = MAX_WBITS + 16;  // zlib: the largest window, with gzip's frame
constexpr Bytef kFirstOfMember = 0x1F;

}  // namespace

struct GzipStream::State {
  explicit State(const InputFile& input) : file(input) {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // False at the end of the file.
  bool has_input() {
    if (stream.avail_in > 0) return true;
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(file.read(std::as_writable_bytes(std::span(input))));
    return stream.avail_in > 0;
  }

  FileStream file;
  std::array<Bytef, kInputBytes> input;
  z_stream stream = {};
  bool between_members = false;
};

GzipStream::GzipStream(const InputFile& file)
    : file_(file), state_(std::make_unique<State>(file)) {}

GzipStream::~GzipStream() = default;

std::int64_t GzipStream::file_position() const { return state_->file.file_position(); }

// Behind a member comes another one or, as gzip sees it, padding that is not looked at.
bool GzipStream::at_end() {
  if (!state_->between_members) return false;
  if (!state_->has_input() || *state_->stream.next_in != kFirstOfMember) return true;
  state_->between_members = false;
  inflateReset(&state_->stream);
  return false;
}

std::size_t GzipStream::read(std::span<std::byte> dst) {
  z_stream& stream = state_->stream;
  const auto wanted = static_cast<uInt>(std::min<std::size_t>(dst.size(), INT_MAX));
  stream.next_out = reinterpret_cast<Bytef*>(dst.data());
  stream.avail_out = wanted;
  while (stream.avail_out > 0 && !at_end()) {
    const int code = state_->has_input() ? inflate(&stream, Z_NO_FLUSH) : Z_DATA_ERROR;
    state_->between_members = code == Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END) continue;
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    throw Error(ErrorKind::io, "the compressed data are damaged or end early", file_.path(),
                "fetch or make the file anew");
  }
  return wanted - stream.avail_out;
}

}  // namespace allconv
