// DataSet: an ordered list of images with labels and class names, whatever DATA was: a folder of
// class folders, a flat folder, a tar of either, CIFAR or IDX files, a list of paths, one image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/image_source.hpp"
#include "engine/support/diagnostics.hpp"

namespace allconv {

enum class Split { train, test, all };

// What the images are for, which decides what is refused.
enum class OpenMode {
  score,     // all images below a folder; labels are ignored
  evaluate,  // labels are needed
  train,     // labels of at least two classes
};

// Immutable but for append(), so images may be loaded by several threads. Copies share the sources.
class DataSet {
 public:
  DataSet() = default;
  DataSet(std::shared_ptr<const ImageSource> source, std::vector<std::string> classes);

  std::size_t size() const { return firsts_.empty() ? 0 : end_; }
  const std::vector<std::string>& classes() const { return classes_; }  // empty: no labels

  std::string path(std::size_t index) const;
  int label(std::size_t index) const;  // index into classes(), or kNoLabel

  // The halves of loading, as ImageSource has them.
  bool sequential(std::size_t index) const { return place(index).source->sequential(); }
  ReadResult read(std::size_t index, MemoryBudget& memory) const;
  ImageResult decode(std::size_t index, const EncodedImage& encoded,
                     const DecodeOptions& options) const;

  // Both, for one image without others beside it.
  ImageResult load(std::size_t index) const;

  // Adds the other's images after these. Class names must be equal or labels are not to be used.
  void append(const DataSet& other);

 private:
  struct Place {
    const ImageSource* source;
    std::size_t index;  // in the source
  };
  Place place(std::size_t index) const;

  std::vector<std::shared_ptr<const ImageSource>> sources_;
  std::vector<std::size_t> firsts_;  // index of each source's first image
  std::size_t end_ = 0;
  std::vector<std::string> classes_;
};

// Opens DATA as the path's kind demands. Reports the number of files that are no images as a note.
// Throws Error{io} when something cannot be opened or is damaged, Error{usage} when it cannot be
// meant: no images, a split that the data do not have, no or one class where labels are needed,
// images beside class folders.
// A tar is read from end to end: `cancelled`, asked now and then, ends that with
// Error{interrupted}.
DataSet open_data(const std::string& path, Split split, OpenMode mode,
                  const Diagnostics& diagnostics = {}, const std::function<bool()>& cancelled = {});

// A hash of the images' paths in order, which tells one list of inputs from another.
std::uint64_t hash_paths(const DataSet& data);

// For each class of the data its index among the model's. Throws Error{usage} for a class that the
// model does not know; `where` names the data.
std::vector<int> match_classes(const std::vector<std::string>& data_classes,
                               const std::vector<std::string>& model_classes,
                               std::string_view where);

}  // namespace allconv
