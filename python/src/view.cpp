#include "python/src/view.hpp"

#include <cstddef>
#include <string>

#include "python/src/errors.hpp"

namespace nb = nanobind;

namespace allconv::python {

namespace {

using Array = nb::ndarray<nb::ro>;

constexpr std::int64_t kChannels = 3;
constexpr const char* kTaken =
    "give (count,height,width,3) or (count,3,height,width), or one image without the count";

// "ndarray of object", "list"
std::string kind_of(nb::handle object) {
  std::string kind = nb::str(object.type().attr("__name__")).c_str();
  if (!nb::hasattr(object, "dtype")) return kind;
  const nb::object dtype = object.attr("dtype");
  return kind + " of " + nb::str(dtype).c_str();
}

std::string shape_text(const Array& array) {
  std::string text = "(";
  for (std::size_t i = 0; i < array.ndim(); ++i) {
    text += (i == 0 ? "" : ",") + std::to_string(array.shape(i));
  }
  return text + ")";
}

std::string dtype_text(const nb::dlpack::dtype& dtype) {
  const std::string bits = std::to_string(dtype.bits);
  switch (static_cast<nb::dlpack::dtype_code>(dtype.code)) {
    case nb::dlpack::dtype_code::Int: return "int" + bits;
    case nb::dlpack::dtype_code::UInt: return "uint" + bits;
    case nb::dlpack::dtype_code::Float: return "float" + bits;
    case nb::dlpack::dtype_code::Bfloat: return "bfloat" + bits;
    case nb::dlpack::dtype_code::Bool: return "bool";
    default: return "of another kind";
  }
}

Array array_of(nb::handle object) {
  Array array;
  if (nb::try_cast(object, array, false)) return array;
  PyErr_Clear();  // the array's own refusal, which says less
  refuse(
      "images: " + kind_of(object) +
      " cannot be read as an array where it lies; give an array of NumPy or PyTorch, or one with "
      "__dlpack__");
}

allconv_place place_of(const Array& array) {
  const int device = array.device_type();
  if (device == nb::device::cpu::value || device == nb::device::cuda_host::value) {
    return ALLCONV_HOST;
  }
  if (device == nb::device::cuda::value || device == nb::device::cuda_managed::value) {
    return ALLCONV_CUDA;
  }
  refuse(
      "images: the array lies neither in the memory of the CPU nor of a CUDA GPU; copy it to one");
}

allconv_element element_of(const Array& array) {
  if (array.dtype() == nb::dtype<std::uint8_t>()) return ALLCONV_U8;
  if (array.dtype() == nb::dtype<float>()) return ALLCONV_F32;
  refuse("images: numbers are " + dtype_text(array.dtype()) +
         "; give levels 0..255 as uint8, or the network's input as float32");
}

// Whether the channels are the last axis; `axes` is the index of the first axis of an image.
bool channels_last(const Array& array, std::size_t axes, std::string_view layout) {
  const bool last = array.shape(axes + 2) == kChannels;
  const bool first = array.shape(axes) == kChannels;
  if (layout == "NHWC" && last) return true;
  if (layout == "NCHW" && first) return false;
  if (!layout.empty() && layout != "NHWC" && layout != "NCHW") {
    refuse("layout: '" + std::string(layout) + "' is none; give 'NHWC' or 'NCHW'");
  }
  if (!layout.empty()) {
    refuse("images: shape " + shape_text(array) + " has no 3 channels where layout '" +
           std::string(layout) + "' has them; " + kTaken);
  }
  if (last && first) {
    refuse("images: shape " + shape_text(array) +
           " can be read in two ways; give layout='NHWC' or layout='NCHW'");
  }
  if (!last && !first) {
    refuse("images: shape " + shape_text(array) + " has no axis of 3 channels; " + kTaken);
  }
  return last;
}

}  // namespace

View::View(nb::handle object, std::string_view layout) : array_(array_of(object)), images_() {
  images_.place = place_of(array_);
  images_.element = element_of(array_);
  const std::size_t rank = array_.ndim();
  if (rank != 3 && rank != 4) {
    refuse("images: shape " + shape_text(array_) + " has " + std::to_string(rank) + " axes; " +
           kTaken);
  }
  const std::size_t axes = rank - 3;
  const bool last = channels_last(array_, axes, layout);
  const std::size_t row = last ? axes : axes + 1;
  const std::size_t channel = last ? axes + 2 : axes;
  images_.data = array_.data();
  images_.count = axes == 0 ? 1 : static_cast<std::int64_t>(array_.shape(0));
  images_.height = static_cast<std::int64_t>(array_.shape(row));
  images_.width = static_cast<std::int64_t>(array_.shape(row + 1));
  images_.image_stride = axes == 0 ? 0 : array_.stride(0);
  images_.row_stride = array_.stride(row);
  images_.column_stride = array_.stride(row + 1);
  images_.channel_stride = array_.stride(channel);
}

int View::gpu() const { return images_.place == ALLCONV_CUDA ? array_.device_id() : -1; }

allconv_images View::piece(std::int64_t first, std::int64_t count) const {
  const std::size_t bytes = images_.element == ALLCONV_U8 ? 1 : sizeof(float);
  allconv_images piece = images_;
  piece.data = static_cast<const char*>(images_.data) +
               first * images_.image_stride * static_cast<std::int64_t>(bytes);
  piece.count = count;
  return piece;
}

}  // namespace allconv::python
