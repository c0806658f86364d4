// GzipStream: the content of a gzip file (RFC 1952), of all its members, checksums compared.
#pragma once

#include <memory>
#include <string>

#include "engine/data/byte_stream.hpp"

namespace allconv {

class GzipStream final : public ByteStream {
 public:
  // Throws std::bad_alloc.
  explicit GzipStream(const InputFile& file);
  ~GzipStream() override;

  // Throws Error{io} for data that are damaged or end early.
  std::size_t read(std::span<std::byte> dst) override;
  std::int64_t file_position() const override;

 private:
  struct State;

  bool at_end();

  const InputFile& file_;
  std::unique_ptr<State> state_;
};

}  // namespace allconv
