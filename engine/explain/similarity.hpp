// How alike two maps of one size are: rank correlation and structural similarity; and an edge
// detector, the map that knows nothing of any network.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace allconv {

struct MapSize {
  int height = 0, width = 0;

  std::size_t places() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
};

// From 1, the least value first; equal values share the mean of their ranks. No NaN.
std::vector<double> average_ranks(std::span<const double> values);

// Spearman's rank correlation: Pearson's of the average ranks. Of signed values; give magnitudes
// for that without signs. Nullopt where it is not defined: a constant side, or a NaN.
std::optional<double> spearman(std::span<const double> one, std::span<const double> other);

// Moved and stretched to [0, 1]; zeros for a constant one.
std::vector<double> scaled_to_unit(std::span<const double> values);

// Mean structural similarity of two maps (h,w) in [0, 1]: Wang, Bovik, Sheikh and Simoncelli 2004,
// "Image quality assessment", equation 13, with their Gaussian window of 11x11 and deviation 1.5,
// K1 = 0.01 and K2 = 0.03, over all windows that lie within the map. An axis with fewer than 11
// places has a window of the largest odd number of places that fits, its weights again of sum 1.
double structural_similarity(std::span<const double> one, std::span<const double> other,
                             const MapSize& size);

// The sum over the three channels of each place: (h,w,3) to (h,w).
std::vector<double> signed_map(std::span<const float> map);
// The sum of their absolute values.
std::vector<double> magnitude_map(std::span<const float> map);

// Magnitude of the two Sobel derivatives of the grey picture (kLuma), whose borders
// are repeated outwards. (h,w,3) to (h,w).
std::vector<double> edge_map(std::span<const float> picture, const MapSize& size);

enum class SimilarityMeasure { spearman, spearman_magnitudes, ssim };
inline constexpr std::size_t kSimilarityMeasures = 3;
// "Spearman", "Spearman of magnitudes", "SSIM of magnitudes"
std::string_view measure_name(SimilarityMeasure measure);

// Indexed by SimilarityMeasure.
using MapSimilarity = std::array<std::optional<double>, kSimilarityMeasures>;

// A map (h,w) made ready for comparisons.
class ComparableMap {
 public:
  ComparableMap() = default;  // of an image without a map: alike to nothing
  // `magnitudes` are not negative. A map with a value that is not finite is none.
  ComparableMap(std::span<const double> signed_values, std::span<const double> magnitudes,
                const MapSize& size);

  // Of equal sizes. No measure is defined where either map's magnitudes are constant: black
  // pictures are alike, but say nothing of each other.
  MapSimilarity similarity_to(const ComparableMap& other) const;

  std::span<const double> unit_magnitudes() const { return unit_magnitudes_; }  // empty: no map

 private:
  MapSize size_;
  std::vector<double> signed_ranks_, magnitude_ranks_, unit_magnitudes_;  // (h,w) each
};

// Of an attribution (h,w,3), reduced as signed_map() and magnitude_map() say.
ComparableMap comparable_map(std::span<const float> attribution, const MapSize& size);

}  // namespace allconv
