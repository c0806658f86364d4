// Safetensors: eight bytes of header length (little-endian), a JSON header that lists name, dtype,
// shape and place of each tensor, then the tensors' bytes without holes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/support/input_file.hpp"

namespace allconv {

struct TensorInfo {
  std::string name;
  std::string dtype;                // "F32", "I64", ...
  std::vector<std::int64_t> shape;  // row-major; empty for a scalar
  std::int64_t begin = 0;           // bytes from the end of the header
  std::int64_t end = 0;

  std::size_t bytes() const { return static_cast<std::size_t>(end - begin); }
};

// A file whose header has been checked in full: known dtypes, sizes that follow from the shapes,
// tensors that fill the file without holes or overlaps. Tensors are read on demand. Throws
// Error{io} when the file cannot be read, else Error{model}. Used by one thread at a time.
class SafetensorsReader {
 public:
  explicit SafetensorsReader(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // in the order of the file
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  std::int64_t data_bytes() const { return file_.size() - data_begin_; }

  const TensorInfo* find(std::string_view name) const;  // null where there is none

  // Fills `bytes`, which has tensor.bytes() of them, as they stand: little-endian.
  void read(const TensorInfo& tensor, std::span<std::byte> bytes) const;

 private:
  void parse_header(std::string_view header);
  void check_places() const;

  InputFile file_;
  std::int64_t data_begin_ = 0;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;  // of tensors_, by name
  std::map<std::string, std::string> metadata_;
};

// What stands in front of the tensors' bytes: the header's length, then the header, filled up with
// blanks so that the bytes lie aligned. Metadata and tensors in the order given; `path` names the
// file in errors. Throws Error{internal} for two tensors of one name, Error{io} for more than the
// format takes.
std::string safetensors_header(const std::vector<std::pair<std::string, std::string>>& metadata,
                               const std::vector<TensorInfo>& tensors, const std::string& path);

struct TensorSource {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;  // borrowed
};

// Writes atomically, metadata in the order given, tensors in theirs but wider types first, so that
// each lies aligned. Names must differ. Throws Error{io}.
void write_safetensors(const std::string& path,
                       const std::vector<std::pair<std::string, std::string>>& metadata,
                       std::vector<TensorSource> tensors);

}  // namespace allconv
