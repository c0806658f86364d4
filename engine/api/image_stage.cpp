#include "engine/api/image_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "engine/api/call.hpp"
#include "engine/graph/network.hpp"
#include "kernels/image_gather/reference.hpp"

namespace allconv::api {

kernels::ImageStrides strides_of(const allconv_images& images) {
  return {.image = images.image_stride,
          .row = images.row_stride,
          .column = images.column_stride,
          .channel = images.channel_stride};
}

namespace {

constexpr std::int64_t kMostImages = std::int64_t{1} << 40;
constexpr std::int64_t kFarthest = std::int64_t{1} << 44;  // elements from one to the next

// Where image `index` begins.
template <class Element>
const Element* image_at(const allconv_images& images, std::int64_t index) {
  return static_cast<const Element*>(images.data) + index * images.image_stride;
}

// One image of any strides into (height,width,3).
template <class Element>
void gather(const allconv_images& images, std::int64_t index, Element* dst) {
  kernels::image_gather_reference(
      {.h = static_cast<int>(images.height), .w = static_cast<int>(images.width)},
      static_cast<const Element*>(images.data), strides_of(images), index, dst);
}

// The elements that images [0, count) of a view reach, counted from its first.
struct Span {
  Span(const allconv_images& images, int count) {
    reach((count - 1) * images.image_stride);
    reach((images.height - 1) * images.row_stride);
    reach((images.width - 1) * images.column_stride);
    reach(2 * images.channel_stride);
  }
  void reach(std::int64_t distance) { (distance < 0 ? first : last) += distance; }

  std::int64_t first = 0, last = 1;  // one behind
};

bool has_whole_pixels(const allconv_images& images) {
  return images.channel_stride == 1 && images.column_stride == 3;
}

void check_number(std::int64_t number, std::int64_t least, std::int64_t most, const char* name) {
  if (number >= least && number <= most) return;
  throw Error(ErrorKind::usage, fmt::format("{} is not allowed", number), name,
              fmt::format("give {} to {}", least, most));
}

}  // namespace

ImageStage::ImageStage(const ImageTarget& target, bool prepared, int batch_size, ThreadPool& pool)
    : target_(target),
      prepared_(prepared),
      pool_(pool),
      pixels_(prepared ? 0 : bytes(target, prepared, batch_size)),
      floats_(prepared ? bytes(target, prepared, batch_size) / sizeof(float) : 0),
      pointers_(static_cast<std::size_t>(batch_size)) {}

std::size_t ImageStage::bytes(const ImageTarget& target, bool prepared, int batch_size) {
  return target.bytes() * static_cast<std::size_t>(batch_size) * (prepared ? sizeof(float) : 1);
}

void ImageStage::check(const allconv_images& images) const {
  check_number(images.count, 0, kMostImages, "images: count");
  if (images.count == 0) return;
  require(images.data, "images: data");
  if (images.place != ALLCONV_HOST && images.place != ALLCONV_CUDA)
    throw Error(ErrorKind::usage, "is none", "images: place", "give a value of allconv_place");
  if (images.element != (prepared_ ? ALLCONV_F32 : ALLCONV_U8)) {
    throw Error(ErrorKind::usage, "is not what the session was made for", "images: element",
                prepared_ ? "give float32 numbers, the network's input"
                          : "give bytes, or make the session with the element ALLCONV_F32");
  }
  if (prepared_ && reinterpret_cast<std::uintptr_t>(images.data) % alignof(float) != 0)
    throw Error(ErrorKind::usage, "is not aligned to a float", "images: data", "copy the images");
  check_number(images.height, 1, kMaxExtent, "images: height");
  check_number(images.width, 1, kMaxExtent, "images: width");
  for (const std::int64_t stride :
       {images.image_stride, images.row_stride, images.column_stride, images.channel_stride}) {
    check_number(stride, -kFarthest, kFarthest, "images: a stride");
  }
  if (prepared_ && (images.height != target_.height || images.width != target_.width)) {
    throw Error(ErrorKind::usage,
                fmt::format("are {} x {} (height x width), but the network's input is {} x {}",
                            images.height, images.width, target_.height, target_.width),
                "images", "give the network's input, or bytes, which are resized");
  }
}

void ImageStage::place(const allconv_images& images, std::int64_t first, int count, Batch& batch) {
  batch.images = count;
  if (prepared_) return place_floats(images, first, batch);
  place_pixels(images, first, batch);
}

void ImageStage::place_pixels(const allconv_images& images, std::int64_t first, Batch& batch) {
  const bool same_size = images.height == target_.height && images.width == target_.width;
  const bool is_direct =
      same_size && has_whole_pixels(images) && images.row_stride >= 3 * images.width;
  batch.pixels = pointers_.data();
  batch.pixel_pitch = is_direct ? images.row_stride : 0;
  for (int i = 0; i < batch.images; ++i) {
    pointers_[static_cast<std::size_t>(i)] =
        is_direct ? image_at<std::uint8_t>(images, first + i)
                  : pixels_.data() + static_cast<std::size_t>(i) * target_.bytes();
  }
  if (is_direct) return;
  pool_.parallel_for(batch.images, [&](int i, int) {
    const auto index = static_cast<std::size_t>(i);
    const auto dst = pixels_.span().subspan(index * target_.bytes(), target_.bytes());
    if (same_size) return gather(images, first + i, dst.data());
    Image whole = Image::of_size(static_cast<int>(images.height), static_cast<int>(images.width));
    gather(images, first + i, whole.pixels.data());
    resize_image(whole, target_, dst);
  });
}

void ImageStage::place_floats(const allconv_images& images, std::int64_t first, Batch& batch) {
  const std::int64_t row = 3 * images.width, image = row * images.height;
  if (has_whole_pixels(images) && images.row_stride == row &&
      (images.image_stride == image || images.count == 1)) {
    batch.input = image_at<float>(images, first);
    return;
  }
  batch.input = floats_.data();
  pool_.parallel_for(batch.images, [&](int i, int) {
    gather(images, first + i, floats_.data() + std::int64_t{i} * image);
  });
}

void ImageStage::fetch(const allconv_images& images, std::int64_t first, int count,
                       const GpuPlace& from, Batch& batch) {
  const std::int64_t element = prepared_ ? sizeof(float) : 1;
  const Span span(images, count);
  const auto* const begin = static_cast<const std::byte*>(images.data) +
                            (first * images.image_stride + span.first) * element;
  fetched_.resize(static_cast<std::size_t>((span.last - span.first) * element));
  copy_from_gpu(from.gpu, begin, fetched_.data(), fetched_.size(), from.stream);
  allconv_images here = images;
  here.data = fetched_.data() - span.first * element;
  here.count = count;
  place(here, 0, count, batch);
}

}  // namespace allconv::api
