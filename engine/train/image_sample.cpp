#include "engine/train/image_sample.hpp"

#include <algorithm>

#include "engine/prepare/pixel_scaling.hpp"

namespace allconv {

namespace {

constexpr std::size_t kImages = 128;

}  // namespace

ImageSample::ImageSample(const Model& model, const TrainingSet& set, const PlanOptions& options,
                         ThreadPool& pool) {
  const std::size_t images = std::min(kImages, set.size());
  for (std::size_t i = 0; i < images; ++i) pixels_.push_back(set.centre(i * set.size() / images));
  batch_ = {.images = static_cast<int>(images),
            .pixels = pixels_.data(),
            .pixel_pitch = set.pitch(),
            .scaling = pixel_scaling(model.prepare)};
  transform_ = InputTransform::of(model, batch_.images, options, pool);
  if (transform_ != nullptr) transform_->apply(batch_);
}

}  // namespace allconv
