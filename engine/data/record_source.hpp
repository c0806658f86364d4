// RecordSource: images of one size in fixed-length records of a binary file (CIFAR, IDX), read when
// asked for.
#pragma once

#include <memory>
#include <vector>

#include "engine/data/image_source.hpp"
#include "engine/data/record_file.hpp"

namespace allconv {

// Where the images lie. Pixels are planes, (channels, height, width); one channel is grey.
struct RecordLayout {
  std::int64_t count = 0;
  std::int64_t first_byte = 0;    // offset of the first image's pixels
  std::int64_t record_bytes = 0;  // from one image to the next
  int channels = 3;               // 1 or 3
  int height = 0;
  int width = 0;
};

class RecordSource final : public ImageSource {
 public:
  // `labels`: one a record, or none at all. The layout must lie within the file.
  RecordSource(RecordFile file, const RecordLayout& layout, std::vector<int> labels);

  std::size_t size() const override { return static_cast<std::size_t>(layout_.count); }
  std::string path(std::size_t index) const override;  // "test_batch.bin#17"
  int label(std::size_t index) const override;
  ReadResult read(std::size_t index, MemoryBudget& memory) const override;
  ImageResult decode(const EncodedImage& encoded, const DecodeOptions& options) const override;

 private:
  std::size_t plane_bytes() const;

  RecordFile file_;
  RecordLayout layout_;
  std::vector<int> labels_;
};

}  // namespace allconv
