#include "engine/data/whitening.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/data/linear_algebra.hpp"
#include "engine/prepare/input_transform.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

constexpr double kRegularisation = 0.1;  // added to the variances
constexpr int kImagesAtOnce = 500;

Preparation unscaled(const TrainingSet& images) {
  Preparation prepare;
  prepare.height = images.input_height();
  prepare.width = images.input_width();
  prepare.fit = images.target.fit;
  return prepare;
}

OtherTensor tensor_of(std::string_view name, std::vector<std::int64_t> shape,
                      std::span<const double> values) {
  const std::vector<float> floats(values.begin(), values.end());
  const auto bytes = std::as_bytes(std::span(floats));
  return {std::string(name), "F32", std::move(shape), {bytes.begin(), bytes.end()}};
}

// Of what the network takes of an image.
std::size_t values_of(const TrainingSet& images) {
  return std::size_t{3} * static_cast<std::size_t>(images.input_height()) *
         static_cast<std::size_t>(images.input_width());
}

// Calls visit(i, level) for every value of the image's centre, i in channel, row, column order.
template <class Visit>
void for_each_value(const TrainingSet& images, std::size_t image, const Visit& visit) {
  const auto width = static_cast<std::size_t>(images.input_width());
  const auto plane = values_of(images) / 3;
  const std::uint8_t* row = images.centre(image);
  for (std::size_t first = 0; first < plane; first += width, row += images.pitch()) {
    for (std::size_t value = 0; value < 3 * width; ++value)
      visit(value % 3 * plane + first + value / 3, row[value]);
  }
}

// Sums over images, of their values and of the products of these.
class Moments {
 public:
  explicit Moments(const TrainingSet& images)
      : images_(images),
        size_(static_cast<std::int64_t>(values_of(images))),
        block_(static_cast<std::size_t>(kImagesAtOnce * size_)),
        sums_(static_cast<std::size_t>(size_)),
        products_(static_cast<std::size_t>(size_ * size_)) {}

  void add_all(const Preparation& prepare, ThreadPool& pool) {
    for (std::size_t first = 0; first < images_.size(); first += kImagesAtOnce) {
      const int count =
          static_cast<int>(std::min<std::size_t>(kImagesAtOnce, images_.size() - first));
      pool.parallel_for(count, [&](int i, int) {
        const auto values = std::span(block_).subspan(static_cast<std::size_t>(i * size_),
                                                      static_cast<std::size_t>(size_));
        for_each_value(
            images_, first + static_cast<std::size_t>(i),
            [&](std::size_t value, int level) { values[value] = level * prepare.scale; });
        normalise_contrast(values, *prepare.gcn);
      });
      add_block(count);
    }
  }

  std::vector<double> mean() const {
    std::vector<double> mean = sums_;
    for (double& value : mean) value /= static_cast<double>(images_.size());
    return mean;
  }

  // The covariance plus kRegularisation on its diagonal, in the lower triangle.
  std::vector<double> take_covariance() {
    const std::vector<double> means = mean();
    const auto n = static_cast<double>(images_.size());
    for (std::int64_t i = 0; i < size_; ++i) {
      double* row = products_.data() + i * size_;
      for (std::int64_t j = 0; j <= i; ++j) row[j] = row[j] / n - means[i] * means[j];
      row[i] += kRegularisation;
    }
    return std::move(products_);
  }

 private:
  void add_block(int count) {
    for (int i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < size_; ++j) sums_[j] += block_[i * size_ + j];
    }
    add_products(block_.data(), count, static_cast<int>(size_), products_.data());
  }

  const TrainingSet& images_;
  std::int64_t size_;             // values of an image
  std::vector<double> block_;     // (kImagesAtOnce, size)
  std::vector<double> sums_;      // (size)
  std::vector<double> products_;  // (size, size)
};

}  // namespace

FittedPreparation fit_gcn_zca(const TrainingSet& images, ThreadPool& pool) {
  const std::size_t size = values_of(images);
  if (size > kMaxWhitenedValues) {
    throw Error(ErrorKind::usage,
                "an image has " + std::to_string(size) + " values, and whitening takes at most " +
                    std::to_string(kMaxWhitenedValues),
                "--prepare gcn-zca", "use standardize, or a network with a smaller input");
  }
  FittedPreparation fitted{.prepare = unscaled(images), .tensors = {}};
  fitted.prepare.gcn = Preparation::GlobalContrast{};
  fitted.prepare.zca = true;
  Moments moments(images);
  moments.add_all(fitted.prepare, pool);
  const std::vector<double> mean = moments.mean();
  std::vector<double> vectors = moments.take_covariance();
  std::vector<double> factors = symmetric_eigenvectors(vectors);
  // The square has the factor twice: e^(-1/4) for 1/sqrt(e).
  for (double& value : factors) value = 1 / std::sqrt(std::sqrt(value));
  const auto side = static_cast<std::int64_t>(size);
  fitted.tensors.push_back(tensor_of(kMeanTensor, {side}, mean));
  fitted.tensors.push_back(tensor_of(kWhitenTensor, {side, side}, scaled_square(vectors, factors)));
  return fitted;
}

FittedPreparation fit_pixel_mean(const TrainingSet& images) {
  FittedPreparation fitted{.prepare = unscaled(images), .tensors = {}};
  const std::size_t size = values_of(images);
  std::vector<std::uint64_t> sums(size);  // of whole numbers: exact
  for (std::size_t image = 0; image < images.size(); ++image)
    for_each_value(images, image, [&](std::size_t value, int level) {
      sums[value] += static_cast<std::uint64_t>(level);
    });
  std::vector<double> mean(size);
  for (std::size_t i = 0; i < size; ++i)
    mean[i] =
        static_cast<double>(sums[i]) * fitted.prepare.scale / static_cast<double>(images.size());
  fitted.tensors.push_back(tensor_of(kMeanTensor, {static_cast<std::int64_t>(size)}, mean));
  return fitted;
}

}  // namespace allconv
