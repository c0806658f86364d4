// ListSource: images named by the lines of a text file. Of a list of a million lines little more
// than its labels stays in memory: lines are read again, a block at a time, when they are needed.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/image_source.hpp"
#include "engine/data/path_list.hpp"
#include "engine/support/input_file.hpp"

namespace allconv {

// A line's path and, behind the first tabulator, its label.
struct ListLine {
  std::string_view path;
  std::optional<std::string_view> label;
};

// `raw`: a line with or without its end, LF or CRLF. Nullopt for an empty line.
std::optional<ListLine> parse_list_line(std::string_view raw);

// Whole lines that follow each other; the last block only tells where the one before it ends.
struct ListBlock {
  std::int64_t offset = 0;  // bytes before it in the file
  std::size_t first = 0;    // images before it
  std::uint64_t hash = 0;   // of its bytes, by which a change is noticed
};

class ListSource final : public ImageSource {
 public:
  // `labels`: one an image, or none at all.
  ListSource(InputFile file, std::vector<ListBlock> blocks, std::vector<int> labels);

  std::size_t size() const override { return blocks_.back().first; }
  // As the line has it. Where the list can no longer be read, or has changed: "list.txt#17".
  std::string path(std::size_t index) const override;
  int label(std::size_t index) const override {
    return labels_.empty() ? kNoLabel : labels_[index];
  }
  // Paths are relative to the list's folder.
  ReadResult read(std::size_t index, MemoryBudget& memory) const override;

 private:
  // Throws Error{io}.
  std::string path_of_line(std::size_t index) const;
  std::shared_ptr<const PathList> block(std::size_t number) const;
  PathList read_block(std::size_t number) const;

  struct CachedBlock {
    std::size_t number;
    std::shared_ptr<const PathList> paths;
  };

  InputFile file_;
  std::string folder_;  // ends in '/', or is empty
  std::vector<ListBlock> blocks_;
  std::vector<int> labels_;

  mutable std::mutex mutex_;
  mutable std::list<CachedBlock> cache_;  // guarded by mutex_; the latest first
};

}  // namespace allconv
