// Sets of image files for allconv, in C++20: what images.h offers, with errors thrown.
//
//     allconv::ImageSet set("photos", model);
//     const allconv::ImageBatch batch = set.read(0, set.size());
//     const allconv::Scores scores = session.score(batch.images());
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "allconv/allconv.hpp"
#include "allconv/images.h"

namespace allconv {
inline namespace v0 {

enum class Split { all = ALLCONV_ALL, train = ALLCONV_TRAIN, test = ALLCONV_TEST };

// See allconv_image_set_options.
struct ImageSetOptions {
  Split split = Split::all;
  bool labelled = false;         // sets without labels are refused
  int threads = 0;               // that decode; 0: all that the process may use
  std::int64_t pixel_limit = 0;  // larger images are not decoded; 0: 200,000,000
  Diagnostics diagnostics = {};  // asked while the set is opened; empty: notes are dropped
};

// Why an image was not read.
struct ImageFailure {
  std::size_t index = 0;  // in the set
  allconv_image_state state = ALLCONV_IMAGE_NOT_DECODED;
  std::string why;  // a clause
};

// Images at a model's size. The pixels of those that failed are zero.
struct ImageBatch {
  std::int64_t count = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels = {};  // (count,height,width,3)
  std::vector<ImageFailure> failures = {};

  Images images() const { return nhwc(pixels.data(), count, height, width); }
};

// For one thread at a time. Movable.
class ImageSet {
 public:
  // The model says the size of what is read, and may go before the set. Several paths are one set.
  ImageSet(const std::vector<std::string>& paths, const Model& model,
           const ImageSetOptions& options = {});
  ImageSet(const std::string& path, const Model& model, const ImageSetOptions& options = {})
      : ImageSet(std::vector{path}, model, options) {}

  std::size_t size() const { return allconv_image_set_count(set_.get()); }
  // As results show it. Throws std::out_of_range.
  std::string path(std::size_t index) const;
  // Index into classes(); -1 without labels.
  int label(std::size_t index) const { return allconv_image_set_label(set_.get(), index); }
  std::vector<std::string> classes() const;

  // Images [first, first + count).
  ImageBatch read(std::size_t first, std::size_t count);

 private:
  struct Free {
    void operator()(allconv_image_set* set) const { allconv_image_set_free(set); }
  };

  std::int64_t height_, width_;
  std::unique_ptr<allconv_image_set, Free> set_;
};

// ---- Implementation ----

inline ImageSet::ImageSet(const std::vector<std::string>& paths, const Model& model,
                          const ImageSetOptions& options)
    : height_(model.height()), width_(model.width()) {
  Diagnostics diagnostics = options.diagnostics;
  allconv_image_set_options c = {};
  c.size = sizeof c;
  c.split = static_cast<allconv_split>(options.split);
  c.labelled = options.labelled ? 1 : 0;
  c.threads = options.threads;
  c.pixel_limit = options.pixel_limit;
  if (diagnostics) {
    c.diagnostics = pass_diagnostics;
    c.diagnostics_user = &diagnostics;
  }
  allconv_image_set* set = nullptr;
  const std::vector<const char*> texts = detail::texts_of(paths);
  check(allconv_image_set_open(texts.data(), texts.size(), model.handle(), &c, &set));
  set_.reset(set);
}

inline std::string ImageSet::path(std::size_t index) const {
  const char* const path = allconv_image_set_path(set_.get(), index);
  if (path == nullptr) throw std::out_of_range("there is no image " + std::to_string(index));
  return path;
}

inline std::vector<std::string> ImageSet::classes() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < allconv_image_set_class_count(set_.get()); ++i) {
    names.emplace_back(allconv_image_set_class_name(set_.get(), i));
  }
  return names;
}

inline ImageBatch ImageSet::read(std::size_t first, std::size_t count) {
  ImageBatch batch = {
      .count = static_cast<std::int64_t>(count), .height = height_, .width = width_};
  batch.pixels.resize(count * static_cast<std::size_t>(height_ * width_) * 3);
  std::vector<allconv_image_state> states(count);
  check(allconv_image_set_read(set_.get(), first, count, batch.pixels.data(), states.data()));
  for (std::size_t i = 0; i < count; ++i) {
    if (states[i] == ALLCONV_IMAGE_READ) continue;
    batch.failures.push_back(
        {first + i, states[i], allconv_image_set_failure(set_.get(), first + i)});
  }
  return batch;
}

}  // namespace v0
}  // namespace allconv
