#include "engine/data/list_source.hpp"

#include <algorithm>

#include "engine/data/image_file.hpp"
#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"

namespace allconv {

namespace {

// Reading is ahead of the rows that are written by some hundred images: both stay in the cache.
constexpr std::size_t kCachedBlocks = 16;

}  // namespace

std::optional<ListLine> parse_list_line(std::string_view raw) {
  if (raw.ends_with('\n')) raw.remove_suffix(1);
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  if (raw.empty()) return std::nullopt;
  const std::size_t tab = raw.find('\t');
  if (tab == std::string_view::npos) return ListLine{raw, {}};
  return ListLine{raw.substr(0, tab), raw.substr(tab + 1)};
}

ListSource::ListSource(InputFile file, std::vector<ListBlock> blocks, std::vector<int> labels)
    : file_(std::move(file)), blocks_(std::move(blocks)), labels_(std::move(labels)) {
  folder_ = file_.path().substr(0, file_.path().rfind('/') + 1);
}

std::string ListSource::path(std::size_t index) const {
  try {
    return path_of_line(index);
  } catch (const Error&) {
    return file_.path() + "#" + std::to_string(index);
  }
}

ReadResult ListSource::read(std::size_t index, MemoryBudget& memory) const {
  std::string path;
  try {
    path = path_of_line(index);
  } catch (const Error& error) {
    return ImageError{ImageError::Stage::open, error.what()};
  }
  if (!path.starts_with('/')) path.insert(0, folder_);
  return read_image_file(path, memory);
}

std::string ListSource::path_of_line(std::size_t index) const {
  const auto after = std::upper_bound(
      blocks_.begin(), blocks_.end(), index,
      [](std::size_t wanted, const ListBlock& block) { return wanted < block.first; });
  const auto number = static_cast<std::size_t>(after - blocks_.begin()) - 1;
  return std::string((*block(number))[index - blocks_[number].first]);
}

std::shared_ptr<const PathList> ListSource::block(std::size_t number) const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(cache_.begin(), cache_.end(),
                                  [&](const CachedBlock& block) { return block.number == number; });
  if (found != cache_.end()) {
    cache_.splice(cache_.begin(), cache_, found);
  } else {
    cache_.push_front({number, std::make_shared<const PathList>(read_block(number))});
    if (cache_.size() > kCachedBlocks) cache_.pop_back();
  }
  return cache_.front().paths;
}

PathList ListSource::read_block(std::size_t number) const {
  const ListBlock& block = blocks_[number];
  std::string text(static_cast<std::size_t>(blocks_[number + 1].offset - block.offset), '\0');
  const std::size_t count =
      file_.read_some_at(block.offset, std::as_writable_bytes(std::span(text)));
  if (count < text.size() || hash_bytes(text) != block.hash) {
    throw Error(ErrorKind::io, "the list has changed since it was opened", file_.path(),
                "do not change it while it is read");
  }
  PathList paths;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const auto line = parse_list_line(std::string_view(text).substr(begin, end - begin));
    if (line) paths.add(line->path);
    begin = end;
  }
  return paths;
}

}  // namespace allconv
