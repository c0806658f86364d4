#include "engine/data/data_set.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "engine/data/file_source.hpp"
#include "engine/data/formats.hpp"
#include "engine/support/error.hpp"
#include "engine/support/hash.hpp"
#include "engine/support/text.hpp"

namespace allconv {

DataSet::DataSet(std::shared_ptr<const ImageSource> source, std::vector<std::string> classes)
    : end_(source->size()), classes_(std::move(classes)) {
  firsts_.push_back(0);
  sources_.push_back(std::move(source));
}

DataSet::Place DataSet::place(std::size_t index) const {
  const auto after = std::upper_bound(firsts_.begin(), firsts_.end(), index);
  const auto source = static_cast<std::size_t>(after - firsts_.begin()) - 1;
  return {sources_[source].get(), index - firsts_[source]};
}

std::string DataSet::path(std::size_t index) const {
  const Place at = place(index);
  return at.source->path(at.index);
}

int DataSet::label(std::size_t index) const {
  const Place at = place(index);
  return at.source->label(at.index);
}

ReadResult DataSet::read(std::size_t index, MemoryBudget& memory) const {
  const Place at = place(index);
  return at.source->read(at.index, memory);
}

ImageResult DataSet::decode(std::size_t index, const EncodedImage& encoded,
                            const DecodeOptions& options) const {
  return place(index).source->decode(encoded, options);
}

ImageResult DataSet::load(std::size_t index) const {
  MemoryBudget memory(SIZE_MAX);
  ReadResult encoded = read(index, memory);
  if (auto* error = std::get_if<ImageError>(&encoded)) return std::move(*error);
  return decode(index, std::get<EncodedImage>(encoded), {});
}

void DataSet::append(const DataSet& other) {
  if (sources_.empty()) classes_ = other.classes_;
  for (std::size_t i = 0; i < other.sources_.size(); ++i) {
    sources_.push_back(other.sources_[i]);
    firsts_.push_back(end_ + other.firsts_[i]);
  }
  end_ += other.end_;
}

namespace {

// `suffix` is in lower case.
bool ends_in_any_case(std::string_view name, std::string_view suffix) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  return name.size() >= suffix.size() &&
         std::equal(suffix.rbegin(), suffix.rend(), name.rbegin(),
                    [&](char wanted, char letter) { return wanted == lower(letter); });
}

bool has_tar_suffix(std::string_view name) {
  constexpr std::array<std::string_view, 4> kSuffixes = {".tar", ".tar.gz", ".tar.xz", ".tar.zst"};
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view suffix) { return ends_in_any_case(name, suffix); });
}

bool is_folder(const std::string& path) {
  std::error_code code;
  const auto type = std::filesystem::status(path, code).type();
  // What is not there is told when it is opened; an image that cannot be looked at is its row's
  // error.
  if (type == std::filesystem::file_type::none && !has_image_suffix(path)) {
    throw Error(ErrorKind::io, "cannot examine: " + code.message(), path,
                "give a path that can be read");
  }
  return type == std::filesystem::file_type::directory;
}

// One image may be unreadable: that is its row's error, not the set's.
DataSet open_image(const std::string& path, OpenMode mode) {
  if (mode != OpenMode::score) {
    throw Error(ErrorKind::usage, "one image has no label", path, "give a folder of class folders");
  }
  PathList files;
  files.add(path);
  return {std::make_shared<FileSource>(std::move(files)), {}};
}

DataSet open_folder(const std::string& path, Split split, OpenMode mode,
                    const Diagnostics& diagnostics) {
  const Listing listing = list_folder(path);
  if (is_cifar(listing)) return open_cifar(listing, split);
  if (is_idx(listing)) return open_idx(listing, split, mode);
  return open_image_folder(listing.folder, split, mode, diagnostics);
}

DataSet open_any(const std::string& path, Split split, OpenMode mode,
                 const Diagnostics& diagnostics, const std::function<bool()>& cancelled) {
  if (is_folder(path)) return open_folder(path, split, mode, diagnostics);
  if (has_tar_suffix(path)) return open_tar(path, split, mode, diagnostics, cancelled);
  return has_image_suffix(path) ? open_image(path, mode) : open_list(path, mode);
}

}  // namespace

bool has_image_suffix(std::string_view name) {
  constexpr std::array<std::string_view, 7> kSuffixes = {".jpg", ".jpeg", ".png", ".webp",
                                                         ".bmp", ".ppm",  ".pgm"};
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view suffix) { return ends_in_any_case(name, suffix); });
}

void throw_no_such_split(const std::string& where, Split split) {
  const std::string name = split == Split::train ? "train" : "test";
  throw Error(ErrorKind::usage, "the data have no " + name + " split", where,
              "choose another split, or add the files of this one");
}

namespace {

void refuse_unreadable_names(const std::vector<std::string>& classes, const std::string& path) {
  for (const std::string& name : classes) {
    if (is_utf8(name)) continue;
    throw Error(ErrorKind::usage, "the class name \"" + to_utf8(name) + "\" is not UTF-8", path,
                "rename the class");
  }
}

}  // namespace

DataSet open_data(const std::string& path, Split split, OpenMode mode,
                  const Diagnostics& diagnostics, const std::function<bool()>& cancelled) {
  DataSet data = open_any(path, split, mode, diagnostics, cancelled);
  if (data.size() == 0) {
    throw Error(ErrorKind::usage, "holds no images", path,
                "give a folder or tar with .jpg or .png files, CIFAR or IDX files, or a list");
  }
  if (mode == OpenMode::train && data.classes().size() < 2) {
    throw Error(ErrorKind::usage, "holds images of one class only", path,
                "give images of at least two classes");
  }
  refuse_unreadable_names(data.classes(), path);
  return data;
}

std::uint64_t hash_paths(const DataSet& data) {
  HashStream hash;
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::string path = data.path(i);
    path += '\0';  // no path holds it: it tells where each ends
    hash.add(path);
  }
  return hash.value();
}

std::vector<int> match_classes(const std::vector<std::string>& data_classes,
                               const std::vector<std::string>& model_classes,
                               std::string_view where) {
  std::vector<int> indices;
  for (const std::string& name : data_classes) {
    const auto found = std::find(model_classes.begin(), model_classes.end(), name);
    if (found == model_classes.end()) {
      throw Error(ErrorKind::usage, "the model does not know the class \"" + name + "\"", where,
                  "give data whose class names are among the model's");
    }
    indices.push_back(static_cast<int>(found - model_classes.begin()));
  }
  return indices;
}

}  // namespace allconv
