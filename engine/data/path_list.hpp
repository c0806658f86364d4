// PathList: paths with their labels, packed: a million files take little more than their bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/data/image_source.hpp"

namespace allconv {

// Each path costs its bytes and 16 more. Move-only. Threads may read it while nobody adds to it.
class PathList {
 public:
  // Any bytes, fewer than 2^32. Throws std::bad_alloc.
  void add(std::string_view path, int label = kNoLabel);

  // By path, bytewise.
  void sort();

  // Gives each path the label that `label_of` answers and drops those without an answer.
  void select(const std::function<std::optional<int>(std::string_view path)>& label_of);

  std::size_t size() const { return entries_.size(); }
  std::string_view operator[](std::size_t index) const {
    return {entries_[index].path, entries_[index].length};
  }
  int label(std::size_t index) const { return entries_[index].label; }

  // Taken for the paths and for what is kept beside them.
  std::size_t bytes() const { return path_bytes_ + entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    const char* path;  // into a block
    std::uint32_t length;
    std::int32_t label;
  };

  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;  // in the last block
  std::size_t left_ = 0;  // bytes from there on
  std::size_t path_bytes_ = 0;
};

}  // namespace allconv
