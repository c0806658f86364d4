// FileSource: images that are files of their own. Holds paths only.
#pragma once

#include <vector>

#include "engine/data/image_source.hpp"

namespace allconv {

struct ImageFile {
  std::string path;
  int label = kNoLabel;
};

class FileSource final : public ImageSource {
 public:
  explicit FileSource(std::vector<ImageFile> files) : files_(std::move(files)) {}

  std::size_t size() const override { return files_.size(); }
  std::string path(std::size_t index) const override { return files_[index].path; }
  int label(std::size_t index) const override { return files_[index].label; }
  ReadResult read(std::size_t index, MemoryBudget& memory) const override;

 private:
  std::vector<ImageFile> files_;
};

}  // namespace allconv
