// What a report shows as pixels.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/data/data_set.hpp"
#include "engine/data/load.hpp"
#include "engine/graph/parameters.hpp"
#include "engine/score/evaluation.hpp"

namespace allconv {

inline constexpr int kMostFilterTiles = 1024;

// The filters of a layer with three input channels as colour tiles, enlarged, each scaled to its
// own range; the first kMostFilterTiles. Nullopt for other layers, and windows too large for a
// tile.
std::optional<Image> filter_tiles(const LayerParameters& layer);

using ConfusionCounts = std::vector<std::vector<std::uint64_t>>;  // [true][predicted]

// A square a count, rows true classes: the darker, the larger its share of the row. Shares are
// drawn by their square root, so that few mistakes are seen beside many right answers.
Image confusion_picture(const ConfusionCounts& confusion);
// Of a square of that picture: its colour's place from light, 0, to dark, 1.
double confusion_shade(std::uint64_t count, std::uint64_t row_sum);

// The surest of wrong answers.
class MistakeList {
 public:
  explicit MistakeList(std::size_t most) : most_(most) {}

  void add(const Answer& answer);  // right ones are passed over

  // The most probable first; of equally probable ones the first in the set.
  const std::vector<Answer>& surest() const { return surest_; }

 private:
  std::size_t most_;
  std::vector<Answer> surest_;
};

// Pictures of one size beside and below each other, without gaps.
struct ThumbnailSheet {
  Image image;
  int columns = 0;
  int height = 0, width = 0;  // of one
};

// The answers' images as the network sees them, enlarged or made smaller to about a hundred pixels;
// grey where an image cannot be read any more. There must be some. Throws std::bad_alloc.
ThumbnailSheet thumbnail_sheet(const DataSet& data, const std::vector<Answer>& answers,
                               const LoadOptions& options);

}  // namespace allconv
