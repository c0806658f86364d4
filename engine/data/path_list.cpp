#include "engine/data/path_list.hpp"

#include <algorithm>
#include <cstring>

namespace allconv {

namespace {

// Blocks grow with the list: a set of one image takes little.
constexpr std::size_t kSmallestBlock = 256;
constexpr std::size_t kLargestBlock = std::size_t{1} << 20;

}  // namespace

void PathList::add(std::string_view path, int label) {
  if (path.size() > left_ || blocks_.empty()) {
    const std::size_t usual = std::clamp(path_bytes_, kSmallestBlock, kLargestBlock);
    left_ = std::max(usual, path.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    free_ = blocks_.back().get();
  }
  std::memcpy(free_, path.data(), path.size());
  entries_.push_back({free_, static_cast<std::uint32_t>(path.size()), label});
  free_ += path.size();
  left_ -= path.size();
  path_bytes_ += path.size();
}

void PathList::sort() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::string_view(a.path, a.length) < std::string_view(b.path, b.length);
  });
}

void PathList::select(const std::function<std::optional<int>(std::string_view)>& label_of) {
  std::erase_if(entries_, [&](Entry& entry) {
    const std::optional<int> label = label_of({entry.path, entry.length});
    entry.label = label.value_or(kNoLabel);
    return !label.has_value();
  });
}

}  // namespace allconv
