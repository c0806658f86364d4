// Images of an array in Python's memory.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <string_view>

#include "allconv/allconv.hpp"

namespace allconv::python {

// A batch of images, or one image, as it lies in an array of NumPy, PyTorch or whatever else speaks
// DLPack or Python's buffer protocol. Nothing is copied; the array is kept.
class View {
 public:
  // `layout` is empty, "NHWC" or "NCHW"; empty: the axis of three channels is looked for. Throws
  // Error{USAGE}.
  View(nanobind::handle array, std::string_view layout);

  const allconv_images& images() const { return images_; }

  // The number of the GPU whose memory it is; -1: the CPU's.
  int gpu() const;

  // Images [first, first + count).
  allconv_images piece(std::int64_t first, std::int64_t count) const;

 private:
  nanobind::ndarray<nanobind::ro> array_;
  allconv_images images_;
};

}  // namespace allconv::python
