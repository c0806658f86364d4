#include "engine/data/input_transform.hpp"

#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/data/prepare.hpp"

namespace allconv {

namespace {

// The floats of the tensor of that name; empty where there is none.
std::vector<float> floats_of(const Model& model, std::string_view name) {
  const OtherTensor* const found = model.find_tensor(name);
  if (found == nullptr) return {};
  std::vector<float> numbers(found->data.size() / sizeof(float));
  std::memcpy(numbers.data(), found->data.data(), numbers.size() * sizeof(float));
  return numbers;
}

// Where element i of an image in memory, (h,w,c), stands in channel, row, column order.
class FileOrder {
 public:
  explicit FileOrder(const Shape& shape)
      : channels_(static_cast<std::size_t>(shape.channels)),
        pixels_(static_cast<std::size_t>(shape.size()) / channels_) {}

  std::size_t operator()(std::size_t i) const { return i % channels_ * pixels_ + i / channels_; }

 private:
  std::size_t channels_, pixels_;
};

}  // namespace

template <class Real>
void normalise_contrast(std::span<Real> image, const Preparation::GlobalContrast& contrast) {
  const double mean =
      std::accumulate(image.begin(), image.end(), 0.0) / static_cast<double>(image.size());
  double squares = 0;
  for (const Real value : image) squares += (value - mean) * (value - mean);
  const double norm = std::sqrt(squares) / contrast.scale;
  const double divisor = norm < contrast.epsilon ? 1 : norm;
  for (Real& value : image) value = static_cast<Real>((value - mean) / divisor);
}

template void normalise_contrast(std::span<float>, const Preparation::GlobalContrast&);
template void normalise_contrast(std::span<double>, const Preparation::GlobalContrast&);

std::unique_ptr<InputTransform> InputTransform::of(const Model& model, int max_batch,
                                                   const kernels::RowLimits& limits,
                                                   ThreadPool& pool) {
  const bool has_mean = model.find_tensor(kMeanTensor) != nullptr;
  if (!model.prepare.gcn && !model.prepare.zca && !has_mean) return nullptr;
  return std::unique_ptr<InputTransform>(new InputTransform(model, max_batch, limits, pool));
}

InputTransform::InputTransform(const Model& model, int max_batch, const kernels::RowLimits& limits,
                               ThreadPool& pool)
    : shape_(model.network.input),
      contrast_(model.prepare.gcn),
      arguments_(image_prepare_arguments(model.prepare)),
      pool_(pool),
      scale_(kernels::prepare_first_runnable<kernels::ImagePrepare>(
          {.n = 1, .h = shape_.height, .w = shape_.width}, limits)),
      scaled_(floats() * static_cast<std::size_t>(max_batch)),
      scratch_(static_cast<std::size_t>(pool.threads())) {
  const FileOrder file_order(shape_);
  if (const std::vector<float> mean = floats_of(model, kMeanTensor); !mean.empty()) {
    mean_.resize(floats());
    for (std::size_t i = 0; i < mean_.size(); ++i) mean_[i] = mean[file_order(i)];
  }
  if (!model.prepare.zca) return;
  whitened_ = kernels::Buffer<float>(scaled_.size());
  prepare_product(floats_of(model, kWhitenTensor), max_batch, limits);
}

// A 1x1 convolution of images of one pixel and C*H*W channels. Its row does not look at the batch.
void InputTransform::prepare_product(std::span<const float> whiten, int max_batch,
                                     const kernels::RowLimits& limits) {
  const auto size = static_cast<int>(floats());
  kernels::Conv2dProblem problem;
  problem.n = max_batch;
  problem.c = problem.k = size;
  product_ = kernels::prepare_first_runnable<kernels::Conv2dForward>(problem, limits);
  std::vector<float> by_output(whiten.size());  // (k,c), both in the order of memory
  const FileOrder file_order(shape_);
  for (std::size_t k = 0; k < floats(); ++k) {
    for (std::size_t c = 0; c < floats(); ++c)
      by_output[k * floats() + c] = whiten[file_order(c) * floats() + file_order(k)];
  }
  weights_ = kernels::Buffer<std::byte>(product_->packed_weights_bytes());
  product_->pack_weights(by_output.data(), weights_.data());
  bias_.assign(floats(), 0.0F);
  for (auto& scratch : scratch_) scratch = kernels::Buffer<std::byte>(product_->workspace_bytes());
}

void InputTransform::prepare_image(const Batch& batch, int image) {
  const std::span<float> values =
      scaled_.span().subspan(static_cast<std::size_t>(image) * floats(), floats());
  kernels::ImagePrepare::Arguments arguments = arguments_;
  arguments.images = batch.pixels + image;
  arguments.pitch = batch.pixel_pitch;
  arguments.dst = values.data();
  scale_->run_all({}, arguments);
  if (contrast_) normalise_contrast(values, *contrast_);
  for (std::size_t i = 0; i < mean_.size(); ++i) values[i] -= mean_[i];
}

// Each thread takes some whole images, which read the matrix once; few images share its parts.
void InputTransform::whiten(int images) {
  const int parts_per_image = product_->parts() / max_images();
  const int threads = pool_.threads();
  const bool by_images = images >= 2 * threads;
  const int tasks = by_images ? threads : images * parts_per_image;
  pool_.parallel_for(tasks, [&](int task, int thread) {
    const kernels::Interval share =
        by_images ? kernels::Interval{images * task / tasks * parts_per_image,
                                      images * (task + 1) / tasks * parts_per_image}
                  : kernels::Interval{task, task + 1};
    product_->run_parts({scratch_[static_cast<std::size_t>(thread)].span()},
                        {.src = scaled_.data(),
                         .weights = weights_.data(),
                         .bias = bias_.data(),
                         .dst = whitened_.data()},
                        share);
  });
}

void InputTransform::apply(Batch& batch) {
  pool_.parallel_for(batch.images, [&](int image, int) { prepare_image(batch, image); });
  if (product_ != nullptr) whiten(batch.images);
  batch.input = product_ != nullptr ? whitened_.data() : scaled_.data();
  batch.pixels = nullptr;
}

}  // namespace allconv
