#include "engine/explain/similarity.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/explain/channels.hpp"

namespace allconv {

namespace {

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); });
}

// Pearson's correlation of ranks, the mean of which is always (n + 1) / 2; constant ranks therefore
// have a variance of exactly zero.
std::optional<double> rank_correlation(std::span<const double> one, std::span<const double> other) {
  const double mean = (static_cast<double>(one.size()) + 1) / 2;
  double product = 0, one_square = 0, other_square = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const double a = one[i] - mean, b = other[i] - mean;
    product += a * b;
    one_square += a * a;
    other_square += b * b;
  }
  if (one_square == 0 || other_square == 0) return std::nullopt;
  return product / std::sqrt(one_square * other_square);
}

// Weights of sum 1.
std::vector<double> gaussian_window(int extent) {
  constexpr int kWindow = 11;
  constexpr double kDeviation = 1.5;
  const int places = std::min(kWindow, extent % 2 == 0 ? extent - 1 : extent);
  std::vector<double> weights;
  const int middle = places / 2;
  for (int i = 0; i < places; ++i) {
    const double distance = (i - middle) / kDeviation;
    weights.push_back(std::exp(-distance * distance / 2));
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

// Gaussian means over the windows that lie within a map; a window is the product of its axes'.
class WindowMeans {
 public:
  explicit WindowMeans(const MapSize& size)
      : size_(size), down_(gaussian_window(size.height)), across_(gaussian_window(size.width)) {}

  // Of the products of two maps (h,w) at each place: (h - window + 1, w - window + 1)
  std::vector<double> of_products(std::span<const double> one,
                                  std::span<const double> other) const {
    std::vector<double> products(one.size());
    std::transform(one.begin(), one.end(), other.begin(), products.begin(), std::multiplies<>());
    return of(products);
  }

  std::vector<double> of(std::span<const double> map) const {
    const auto width = static_cast<std::size_t>(size_.width);
    const std::size_t rows = static_cast<std::size_t>(size_.height) - down_.size() + 1;
    const std::size_t columns = width - across_.size() + 1;
    std::vector<double> narrow(rows * width);  // means down the columns
    for (std::size_t at = 0; at < narrow.size(); ++at)
      for (std::size_t i = 0; i < down_.size(); ++i) narrow[at] += down_[i] * map[at + i * width];
    std::vector<double> means(rows * columns);
    for (std::size_t at = 0; at < means.size(); ++at) {
      const double* row = narrow.data() + at / columns * width + at % columns;
      means[at] = std::inner_product(across_.begin(), across_.end(), row, 0.0);
    }
    return means;
  }

 private:
  MapSize size_;
  std::vector<double> down_, across_;
};

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [values](std::size_t one, std::size_t other) { return values[one] < values[other]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + 1 + end) / 2;  // mean of begin + 1 ... end
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

std::optional<double> spearman(std::span<const double> one, std::span<const double> other) {
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::any_of(one.begin(), one.end(), is_nan) ||
      std::any_of(other.begin(), other.end(), is_nan))
    return std::nullopt;
  return rank_correlation(average_ranks(one), average_ranks(other));
}

std::vector<double> scaled_to_unit(std::span<const double> values) {
  std::vector<double> scaled(values.size());
  if (values.empty()) return scaled;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double low = *least, range = *most - *least;
  if (range > 0) {
    std::transform(values.begin(), values.end(), scaled.begin(),
                   [low, range](double value) { return (value - low) / range; });
  }
  return scaled;
}

double structural_similarity(std::span<const double> one, std::span<const double> other,
                             const MapSize& size) {
  constexpr double kLuminance = 0.01 * 0.01;  // C1 and C2 of the paper, for a range of 1
  constexpr double kContrast = 0.03 * 0.03;
  const WindowMeans windows(size);
  const std::vector<double> mean_a = windows.of(one), mean_b = windows.of(other);
  const std::vector<double> square_a = windows.of_products(one, one);
  const std::vector<double> square_b = windows.of_products(other, other);
  const std::vector<double> product = windows.of_products(one, other);
  double sum = 0;
  for (std::size_t i = 0; i < mean_a.size(); ++i) {
    const double a = mean_a[i], b = mean_b[i];
    const double covariance = product[i] - a * b;
    const double variances = square_a[i] - a * a + square_b[i] - b * b;
    sum += (2 * a * b + kLuminance) * (2 * covariance + kContrast) /
           ((a * a + b * b + kLuminance) * (variances + kContrast));
  }
  return sum / static_cast<double>(mean_a.size());
}

std::vector<double> signed_map(std::span<const float> map) {
  return channel_sums<double>(map, [](double value, std::size_t) { return value; });
}

std::vector<double> magnitude_map(std::span<const float> map) {
  return channel_sums<double>(map, [](double value, std::size_t) { return std::abs(value); });
}

std::vector<double> edge_map(std::span<const float> picture, const MapSize& size) {
  const std::vector<double> grey = channel_sums<double>(
      picture, [](double value, std::size_t channel) { return kLuma[channel] * value; });
  const auto at = [&](int y, int x) {
    const int row = std::clamp(y, 0, size.height - 1), column = std::clamp(x, 0, size.width - 1);
    return grey[static_cast<std::size_t>(row) * static_cast<std::size_t>(size.width) +
                static_cast<std::size_t>(column)];
  };
  std::vector<double> edges;
  edges.reserve(grey.size());
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double down = at(y + 1, x - 1) + 2 * at(y + 1, x) + at(y + 1, x + 1) -
                          at(y - 1, x - 1) - 2 * at(y - 1, x) - at(y - 1, x + 1);
      const double across = at(y - 1, x + 1) + 2 * at(y, x + 1) + at(y + 1, x + 1) -
                            at(y - 1, x - 1) - 2 * at(y, x - 1) - at(y + 1, x - 1);
      edges.push_back(std::hypot(down, across));
    }
  }
  return edges;
}

std::string_view measure_name(SimilarityMeasure measure) {
  switch (measure) {
    case SimilarityMeasure::spearman: return "Spearman";
    case SimilarityMeasure::spearman_magnitudes: return "Spearman of magnitudes";
    case SimilarityMeasure::ssim: return "SSIM of magnitudes";
  }
  return {};
}

ComparableMap::ComparableMap(std::span<const double> signed_values,
                             std::span<const double> magnitudes, const MapSize& size)
    : size_(size) {
  if (!all_finite(signed_values) || !all_finite(magnitudes)) return;
  signed_ranks_ = average_ranks(signed_values);
  magnitude_ranks_ = average_ranks(magnitudes);
  unit_magnitudes_ = scaled_to_unit(magnitudes);
}

MapSimilarity ComparableMap::similarity_to(const ComparableMap& other) const {
  if (unit_magnitudes_.empty() || other.unit_magnitudes_.empty()) return {};
  const auto magnitudes = rank_correlation(magnitude_ranks_, other.magnitude_ranks_);
  if (!magnitudes) return {};
  return {rank_correlation(signed_ranks_, other.signed_ranks_), magnitudes,
          structural_similarity(unit_magnitudes_, other.unit_magnitudes_, size_)};
}

ComparableMap comparable_map(std::span<const float> attribution, const MapSize& size) {
  return {signed_map(attribution), magnitude_map(attribution), size};
}

}  // namespace allconv
