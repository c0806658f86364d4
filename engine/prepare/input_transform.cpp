#include "engine/prepare/input_transform.hpp"

#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/prepare/pixel_scaling.hpp"

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

bool InputTransform::is_needed(const Model& model) {
  return model.prepare.gcn || model.prepare.zca || model.find_tensor(kMeanTensor) != nullptr;
}

std::size_t InputTransform::bytes(const Model& model, int max_batch) {
  const auto size = static_cast<std::size_t>(model.network.input.size());
  const std::size_t batch = size * static_cast<std::size_t>(max_batch);
  return sizeof(float) * (model.prepare.zca ? 2 * batch + size * size : batch);
}

std::unique_ptr<InputTransform> InputTransform::of(const Model& model, int max_batch,
                                                   const PlanOptions& options, ThreadPool& pool) {
  if (!is_needed(model)) return nullptr;
  return whole(model, max_batch, options, pool);
}

std::unique_ptr<InputTransform> InputTransform::whole(const Model& model, int max_batch,
                                                      const PlanOptions& options,
                                                      ThreadPool& pool) {
  return std::unique_ptr<InputTransform>(new InputTransform(model, max_batch, options, pool));
}

InputTransform::InputTransform(const Model& model, int max_batch, const PlanOptions& options,
                               ThreadPool& pool)
    : shape_(model.network.input),
      contrast_(model.prepare.gcn),
      arguments_(image_prepare_arguments(model.prepare)),
      pool_(pool),
      scale_(kernels::prepare_first_runnable<kernels::ImagePrepare>(
          {.n = 1, .h = shape_.height, .w = shape_.width}, options.limits)),
      scaled_(floats() * static_cast<std::size_t>(max_batch)) {
  const FileOrder file_order(shape_);
  if (const std::vector<float> mean = floats_of(model, kMeanTensor); !mean.empty()) {
    mean_.resize(floats());
    for (std::size_t i = 0; i < mean_.size(); ++i) mean_[i] = mean[file_order(i)];
  }
  if (!model.prepare.zca) return;
  const std::vector<float> whiten = floats_of(model, kWhitenTensor);
  std::vector<float> matrix(whiten.size());  // (outputs, inputs), both in the order of memory
  for (std::size_t output = 0; output < floats(); ++output) {
    for (std::size_t input = 0; input < floats(); ++input) {
      matrix[output * floats() + input] = whiten[file_order(input) * floats() + file_order(output)];
    }
  }
  whiten_ = make_image_product(matrix, max_batch, options, pool);
  whitened_ = kernels::Buffer<float>(scaled_.size());
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

void InputTransform::apply(Batch& batch) {
  pool_.parallel_for(batch.images, [&](int image, int) { prepare_image(batch, image); });
  if (whiten_ != nullptr) whiten_->run(scaled_.data(), batch.images, whitened_.data());
  batch.input = whiten_ != nullptr ? whitened_.data() : scaled_.data();
  batch.pixels = nullptr;
}

}  // namespace allconv
