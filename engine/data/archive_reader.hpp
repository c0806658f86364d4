// ArchiveReader: a reader of libarchive fed by a ByteStream.
#pragma once

#include <archive.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/byte_stream.hpp"

namespace allconv {

// Used by one thread at a time.
class ArchiveReader {
 public:
  // `path` is named in errors. Throws std::bad_alloc.
  ArchiveReader(std::unique_ptr<ByteStream> source, std::string path);

  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // Formats and filters are chosen on it before open().
  archive* get() { return reader_.get(); }
  void open();

  // For what libarchive answered: throws on a failure what the stream threw, or Error{io} that says
  // where in the archive (`where`: a clause, may be empty) and libarchive's reason.
  la_ssize_t check(la_ssize_t result, const std::string& where = {});

  // Bytes of the file that the stream has come to.
  std::int64_t file_position() const { return source_->file_position(); }

  // Reads to the end of the stream what libarchive has left. Returns all bytes of the stream.
  std::int64_t drain();

 private:
  struct Free {
    void operator()(archive* reader) const { archive_read_free(reader); }
  };

  static la_ssize_t read_block(archive* reader, void* self, const void** block);
  static la_int64_t skip_bytes(archive* reader, void* self, la_int64_t bytes);
  void count(std::size_t bytes);
  void keep_exception(archive* reader);

  std::unique_ptr<ByteStream> source_;
  std::string path_;
  std::vector<std::byte> block_;
  std::int64_t position_ = 0;
  std::exception_ptr exception_;           // thrown inside of a callback
  std::unique_ptr<archive, Free> reader_;  // goes first: it may still call back
};

}  // namespace allconv
