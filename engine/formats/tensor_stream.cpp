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

void TensorStream::append(std::span<const std::span<const float>> values) {
  const auto item = static_cast<std::size_t>(std::accumulate(item_shape_.begin(), item_shape_.end(),
                                                             std::int64_t{1}, std::multiplies<>()));
  if (values.size() != spools_.size())
    throw Error(ErrorKind::internal, "an item needs values for each tensor", path_);
  for (const std::span<const float> part : values) {
    if (part.size() != item)
      throw Error(ErrorKind::internal, "an item's values do not fit the tensor's shape", path_);
  }
  for (std::size_t i = 0; i < spools_.size(); ++i) spools_[i].append(std::as_bytes(values[i]));
  ++items_;
}

void TensorStream::finish(const std::vector<std::pair<std::string, std::string>>& metadata) {
  std::vector<std::int64_t> shape = {items_};
  shape.insert(shape.end(), item_shape_.begin(), item_shape_.end());
  std::vector<TensorInfo> tensors;
  std::int64_t end = 0;
  for (std::size_t i = 0; i < spools_.size(); ++i) {
    const std::int64_t begin = end;
    end += spools_[i].bytes();
    tensors.push_back(
        {.name = names_[i], .dtype = "F32", .shape = shape, .begin = begin, .end = end});
  }
  const std::string header = safetensors_header(metadata, tensors, path_);
  AtomicFile file(path_);
  file.write(header);
  for (SpoolFile& spool : spools_) spool.move_to(file);
  file.commit();
}

}  // namespace allconv
