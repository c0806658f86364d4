#include "engine/formats/tensor_stream.hpp"

#include <functional>
#include <numeric>

#include "engine/formats/safetensors.hpp"
#include "engine/support/atomic_file.hpp"
#include "engine/support/error.hpp"

namespace allconv {

TensorStream::TensorStream(const std::string& path, std::vector<std::string> names,
                           std::vector<std::int64_t> item_shape)
    : path_(followed_path(path)), names_(std::move(names)), item_shape_(std::move(item_shape)) {
  for (std::size_t i = 0; i < names_.size(); ++i) spools_.emplace_back(path_);
}

std::int64_t TensorStream::item_values() const {
  return std::accumulate(item_shape_.begin(), item_shape_.end(), std::int64_t{1},
                         std::multiplies<>());
}

void TensorStream::append(std::span<const std::span<const float>> values) {
  const auto item = static_cast<std::size_t>(item_values());
  if (values.size() != spools_.size())
    throw Error(ErrorKind::internal, "an item needs values for each tensor", path_);
  for (const std::span<const float> part : values) {
    if (part.size() != item)
      throw Error(ErrorKind::internal, "an item's values do not fit the tensor's shape", path_);
  }
  for (std::size_t i = 0; i < spools_.size(); ++i) spools_[i].append(std::as_bytes(values[i]));
  ++items_;
}

std::string TensorStream::header(const Metadata& metadata, std::int64_t items) const {
  std::vector<std::int64_t> shape = {items};
  shape.insert(shape.end(), item_shape_.begin(), item_shape_.end());
  std::vector<TensorInfo> tensors;
  const std::int64_t bytes = items * item_values() * static_cast<std::int64_t>(sizeof(float));
  std::int64_t end = 0;
  for (const std::string& name : names_) {
    const std::int64_t begin = end;
    end += bytes;
    tensors.push_back({.name = name, .dtype = "F32", .shape = shape, .begin = begin, .end = end});
  }
  return safetensors_header(metadata, tensors, path_);
}

void TensorStream::check_header(const Metadata& metadata, std::int64_t items) const {
  header(metadata, items);
}

void TensorStream::finish(const Metadata& metadata) {
  const std::string text = header(metadata, items_);
  AtomicFile file(path_);
  file.write(text);
  for (SpoolFile& spool : spools_) spool.move_to(file);
  file.commit();
}

}  // namespace allconv
