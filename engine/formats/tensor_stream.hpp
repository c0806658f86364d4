// TensorStream: a safetensors file of float32 tensors (N, ...) that grow side by side, item by
// item, while N is not known. Memory does not grow; the disk holds the tensors twice for a moment.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/support/spool_file.hpp"

namespace allconv {

// Used by one thread at a time. Every function throws Error{io}. Until finish() returns, `path` is
// what it was before.
class TensorStream {
 public:
  using Metadata = std::vector<std::pair<std::string, std::string>>;

  // One tensor a name, in the order of the file; names must differ. `item_shape` is that of one
  // item of any of them: {3, 32, 32}. Refuses a `path` that cannot be written.
  TensorStream(const std::string& path, std::vector<std::string> names,
               std::vector<std::int64_t> item_shape);

  std::int64_t items() const { return items_; }

  // The next item: of each tensor all values of one item, in the order of the names.
  void append(std::span<const std::span<const float>> values);

  // Refuses what finish() would refuse with these metadata after so many items, for use before a
  // long run: a header must not be larger than the format takes.
  void check_header(const Metadata& metadata, std::int64_t items) const;

  // Writes the file, replacing one of that name; call it once, last. No items are a whole file too.
  void finish(const Metadata& metadata);

 private:
  std::int64_t item_values() const;
  std::string header(const Metadata& metadata, std::int64_t items) const;

  std::string path_;  // without links
  std::vector<std::string> names_;
  std::vector<std::int64_t> item_shape_;
  std::vector<SpoolFile> spools_;  // one a name
  std::int64_t items_ = 0;
};

}  // namespace allconv
