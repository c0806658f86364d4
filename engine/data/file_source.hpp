// FileSource: images that are files of their own. Holds paths only.
#pragma once

#include "engine/data/image_source.hpp"
#include "engine/data/path_list.hpp"

namespace allconv {

class FileSource final : public ImageSource {
 public:
  explicit FileSource(PathList files) : files_(std::move(files)) {}

  std::size_t size() const override { return files_.size(); }
  std::string path(std::size_t index) const override { return std::string(files_[index]); }
  int label(std::size_t index) const override { return files_.label(index); }
  ReadResult read(std::size_t index, MemoryBudget& memory) const override;

 private:
  PathList files_;
};

}  // namespace allconv
