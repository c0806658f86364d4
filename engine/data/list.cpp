// Lists: text files with one image a line, "path" or "path<TAB>label".
#include <algorithm>
#include <array>
#include <map>

#include "engine/data/byte_stream.hpp"
#include "engine/data/formats.hpp"
#include "engine/data/list_source.hpp"
#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"

namespace allconv {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLongestLine = std::size_t{1} << 16;
constexpr std::size_t kLinesOfBlock = 256;
constexpr std::size_t kBytesOfBlock = std::size_t{1} << 16;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF"sv;  // some editors begin UTF-8 with it

[[noreturn]] void throw_no_list(const InputFile& file, std::size_t line, const std::string& what) {
  throw Error(ErrorKind::io, "line " + std::to_string(line) + " " + what + ": this is no list",
              file.path(), "give an image, a folder, a tar file, or a text file of paths");
}

// Goes through the lines once and takes down where blocks of them begin.
class ListIndexer {
 public:
  ListIndexer(const InputFile& file, bool with_labels) : file_(file), with_labels_(with_labels) {}

  void read() {
    FileStream stream(file_);
    block_.offset = skip_mark(stream);
    std::vector<char> chunk(kBytesOfBlock);
    std::string rest;  // of what was read, from the beginning of a line on
    while (const std::size_t count = stream.read(std::as_writable_bytes(std::span(chunk)))) {
      rest.append(chunk.data(), count);
      rest.erase(0, take_lines(rest));
      check_length(rest, lines_ + 1);
    }
    if (!rest.empty()) take_line(rest);
    if (!text_.empty()) end_block();
    blocks_.push_back(block_);
  }

  std::vector<ListBlock> take_blocks() { return std::move(blocks_); }

  // Sorts the classes bytewise and gives each image the place of its class.
  std::vector<std::string> take_classes() {
    std::vector<std::string> classes;
    std::vector<int> place(numbers_.size());
    for (const auto& [name, number] : numbers_) {
      place[static_cast<std::size_t>(number)] = static_cast<int>(classes.size());
      classes.push_back(name);
    }
    for (int& label : labels_) label = place[static_cast<std::size_t>(label)];
    return classes;
  }
  std::vector<int> take_labels() { return std::move(labels_); }

 private:
  std::int64_t skip_mark(FileStream& stream) const {
    std::array<char, kByteOrderMark.size()> first = {};
    file_.read_some_at(0, std::as_writable_bytes(std::span(first)));
    const bool marked = std::string_view(first.data(), first.size()) == kByteOrderMark;
    return marked ? stream.skip(kByteOrderMark.size()) : 0;
  }

  void check_length(std::string_view line, std::size_t number) const {
    if (line.size() > kLongestLine) throw_no_list(file_, number, "is longer than 64 KiB");
  }

  // Returns how many bytes whole lines took.
  std::size_t take_lines(std::string_view text) {
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string_view::npos; begin = end + 1)
      take_line(text.substr(begin, end + 1 - begin));
    return begin;
  }

  void take_line(std::string_view raw) {
    ++lines_;
    check_length(raw, lines_);
    if (raw.find('\0') != std::string_view::npos) throw_no_list(file_, lines_, "holds a zero byte");
    text_ += raw;
    if (const std::optional<ListLine> line = parse_list_line(raw)) {
      if (with_labels_) labels_.push_back(number_of(line->label.value_or(""sv)));
      ++images_;
    }
    if (images_ - block_.first == kLinesOfBlock || text_.size() >= kBytesOfBlock) end_block();
  }

  // Classes are numbered as they occur, until all are known.
  int number_of(std::string_view label) {
    if (label.empty()) {
      throw Error(ErrorKind::usage, "line " + std::to_string(lines_) + " has no label",
                  file_.path(), "write in every line a path, a tabulator and a label");
    }
    const auto found = numbers_.find(label);
    if (found != numbers_.end()) return found->second;
    const int number = static_cast<int>(numbers_.size());
    numbers_.emplace(label, number);
    return number;
  }

  void end_block() {
    block_.hash = hash_bytes(text_);
    blocks_.push_back(block_);
    block_ = {.offset = block_.offset + static_cast<std::int64_t>(text_.size()), .first = images_};
    text_.clear();
  }

  const InputFile& file_;
  const bool with_labels_;
  std::vector<ListBlock> blocks_;
  std::vector<int> labels_;
  std::map<std::string, int, std::less<>> numbers_;
  ListBlock block_;   // the one that is being read
  std::string text_;  // its bytes so far
  std::size_t lines_ = 0;
  std::size_t images_ = 0;
};

}  // namespace

DataSet open_list(const std::string& path, OpenMode mode) {
  InputFile file(path);
  ListIndexer indexer(file, mode != OpenMode::score);
  indexer.read();
  auto classes = indexer.take_classes();
  auto source =
      std::make_shared<ListSource>(std::move(file), indexer.take_blocks(), indexer.take_labels());
  return {std::move(source), std::move(classes)};
}

}  // namespace allconv
