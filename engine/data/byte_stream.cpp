#include "engine/data/byte_stream.hpp"

#include <array>
#include <cstring>
#include <string_view>

#include "engine/data/archive_reader.hpp"
#include "engine/data/gzip_stream.hpp"

namespace allconv {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kGzip = "\x1F\x8B"sv;
constexpr std::string_view kXz =
    "\xFD"
    "7zXZ\0"sv;
constexpr std::string_view kZstd = "\x28\xB5\x2F\xFD"sv;

// A zstd frame that holds no data; the tools that compress in parallel begin with one.
bool is_skippable_zstd(std::string_view begin) {
  return begin.size() >= 4 && (begin[0] & '\xF0') == 0x50 && begin.substr(1, 3) == "\x2A\x4D\x18"sv;
}

// The content of an xz or zstd file; libarchive compares their checksums.
class FilterStream final : public ByteStream {
 public:
  explicit FilterStream(const InputFile& file)
      : reader_(std::make_unique<FileStream>(file), file.path()) {
    reader_.check(archive_read_support_filter_xz(reader_.get()));
    reader_.check(archive_read_support_filter_zstd(reader_.get()));
    reader_.check(archive_read_support_format_raw(reader_.get()));  // the stream is one entry
    reader_.open();
    archive_entry* entry = nullptr;
    reader_.check(archive_read_next_header(reader_.get(), &entry));
  }

  std::size_t read(std::span<std::byte> dst) override {
    return static_cast<std::size_t>(
        reader_.check(archive_read_data(reader_.get(), dst.data(), dst.size())));
  }

  std::int64_t file_position() const override { return reader_.file_position(); }

 private:
  ArchiveReader reader_;
};

}  // namespace

std::unique_ptr<ByteStream> open_stream(const InputFile& file) {
  std::array<char, 6> first = {};
  const std::size_t count = file.read_some_at(0, std::as_writable_bytes(std::span(first)));
  const std::string_view begin(first.data(), count);
  if (begin.starts_with(kGzip)) return std::make_unique<GzipStream>(file);
  if (begin.starts_with(kXz) || begin.starts_with(kZstd) || is_skippable_zstd(begin))
    return std::make_unique<FilterStream>(file);
  return std::make_unique<FileStream>(file);
}

}  // namespace allconv
