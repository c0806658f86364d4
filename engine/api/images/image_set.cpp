// The C functions of image sets.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "allconv/images.h"
#include "engine/api/call.hpp"
#include "engine/data/data_set.hpp"
#include "engine/data/decode_ahead.hpp"
#include "engine/data/index_range.hpp"
#include "engine/data/load.hpp"
#include "engine/formats/metadata.hpp"
#include "engine/runtime/cpu/thread_pool.hpp"
#include "engine/support/text.hpp"

using allconv::DataSet;
using allconv::Error;
using allconv::ErrorKind;
using allconv::ImageError;

namespace api = allconv::api;

struct allconv_image_set {
  DataSet data;
  allconv::LoadOptions load;
  std::unique_ptr<allconv::ThreadPool> pool;
  pid_t process;  // that made it

  std::string path;  // as the last call for one has it
  std::size_t first = 0;
  std::vector<std::optional<std::string>> failures = {};  // of the last read, from `first` on
};

namespace {

allconv::Split split_of(allconv_split split) {
  switch (split) {
    case ALLCONV_ALL: return allconv::Split::all;
    case ALLCONV_TRAIN: return allconv::Split::train;
    case ALLCONV_TEST: return allconv::Split::test;
  }
  throw Error(ErrorKind::usage, "is none", "split", "give a value of allconv_split");
}

// The model is another library's: what it says of itself is all that is known here.
allconv::ImageTarget target_of(const allconv_model& model) {
  allconv::NetworkDescription network;
  network.input = {
      .channels = 3, .height = allconv_model_height(&model), .width = allconv_model_width(&model)};
  return image_target(parse_preparation(allconv_model_preparation(&model),
                                        {ErrorKind::internal, "preparation"}, network));
}

std::int64_t pixel_limit_of(const allconv_image_set_options& options) {
  if (options.pixel_limit < 0)
    throw Error(ErrorKind::usage, "is negative", "pixel_limit", "give 0, the default, or more");
  return options.pixel_limit == 0 ? allconv::kDefaultPixelLimit : options.pixel_limit;
}

DataSet open_all(std::span<const char* const> paths, const allconv_image_set_options& options) {
  const auto mode = options.labelled != 0 ? allconv::OpenMode::evaluate : allconv::OpenMode::score;
  const auto diagnostics = api::diagnostics_of(options.diagnostics, options.diagnostics_user);
  DataSet all;
  for (const char* const path : paths) {
    api::require(path, "paths");
    const DataSet data = open_data(path, split_of(options.split), mode, diagnostics);
    const bool is_first = all.size() == 0;
    if (!is_first && options.labelled != 0 && data.classes() != all.classes()) {
      throw Error(ErrorKind::usage, "has other classes than the sets before it", path,
                  "open it alone");
    }
    if (is_first) {
      all = data;
    } else {
      all.append(data);
    }
  }
  return all;
}

std::unique_ptr<allconv_image_set> open_set(std::span<const char* const> paths,
                                            const allconv_model& model,
                                            const allconv_image_set_options& options) {
  return std::make_unique<allconv_image_set>(allconv_image_set{
      .data = open_all(paths, options),
      .load = {.target = target_of(model), .pixel_limit = pixel_limit_of(options)},
      .pool = std::make_unique<allconv::ThreadPool>(api::threads_of(options.threads)),
      .process = getpid(),
      .path = {}});
}

void read_images(allconv_image_set& set, std::size_t first, std::size_t count, std::uint8_t* pixels,
                 allconv_image_state* states) {
  const std::size_t image_bytes = set.load.target.bytes();
  std::vector<std::optional<std::string>> failures(count);
  allconv::DecodeAhead images(set.data, {.first = first, .stride = 1, .count = count}, set.load,
                              *set.pool);
  while (const auto image = images.next()) {
    const std::size_t index = image->index - first;
    std::uint8_t* const dst = pixels + index * image_bytes;
    allconv_image_state state = ALLCONV_IMAGE_READ;
    if (image->ok()) {
      std::copy_n(image->pixels.data(), image_bytes, dst);
    } else {
      std::fill_n(dst, image_bytes, std::uint8_t{0});
      const bool opened = image->error->stage != ImageError::Stage::open;
      state = opened ? ALLCONV_IMAGE_NOT_DECODED : ALLCONV_IMAGE_NOT_OPENED;
      failures[index] = image->error->message;
    }
    if (states != nullptr) states[index] = state;
  }
  set.first = first;
  set.failures = std::move(failures);
}

}  // namespace

extern "C" {

allconv_status allconv_image_set_open(const char* const* paths, size_t path_count,
                                      const allconv_model* model,
                                      const allconv_image_set_options* options,
                                      allconv_image_set** set) {
  return api::call([&] {
    api::require(paths, "paths");
    api::require(model, "model");
    api::require(set, "set");
    *set = open_set({paths, path_count}, *model, api::take_options(options)).release();
  });
}

void allconv_image_set_free(allconv_image_set* set) {
  // Threads do not survive a fork, and whoever waited for them would wait forever.
  if (set != nullptr && set->process != getpid()) static_cast<void>(set->pool.release());
  delete set;
}

size_t allconv_image_set_count(const allconv_image_set* set) { return set->data.size(); }

const char* allconv_image_set_path(allconv_image_set* set, size_t index) {
  if (index >= set->data.size()) return nullptr;
  const allconv_status status =
      api::call([&] { set->path = allconv::to_utf8(set->data.path(index)); });
  return status == ALLCONV_OK ? set->path.c_str() : nullptr;
}

int32_t allconv_image_set_label(const allconv_image_set* set, size_t index) {
  return index < set->data.size() ? set->data.label(index) : allconv::kNoLabel;
}

size_t allconv_image_set_class_count(const allconv_image_set* set) {
  return set->data.classes().size();
}

const char* allconv_image_set_class_name(const allconv_image_set* set, size_t index) {
  return index < set->data.classes().size() ? set->data.classes()[index].c_str() : nullptr;
}

allconv_status allconv_image_set_read(allconv_image_set* set, size_t first, size_t count,
                                      uint8_t* pixels, allconv_image_state* states) {
  return api::call([&] {
    api::require(set, "set");
    if (count > 0) api::require(pixels, "pixels");
    if (set->process != getpid()) {
      throw Error(ErrorKind::usage, "belongs to the process that this one was forked off", "set",
                  "open one in this process");
    }
    if (first > set->data.size() || count > set->data.size() - first) {
      throw Error(ErrorKind::usage, fmt::format("the set has {} images", set->data.size()),
                  "first, count", "ask for images that it has");
    }
    read_images(*set, first, count, pixels, states);
  });
}

const char* allconv_image_set_failure(const allconv_image_set* set, size_t index) {
  const bool was_read = index >= set->first && index - set->first < set->failures.size();
  if (!was_read || !set->failures[index - set->first]) return nullptr;
  return set->failures[index - set->first]->c_str();
}
}
