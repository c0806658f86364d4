#include "engine/report/pictures.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/report/canvas.hpp"

namespace allconv {

namespace {

constexpr Color kLight = {238, 244, 250}, kDark = {8, 48, 107};

// One filter, (3,r,s), its least weight black and its largest 255.
void paint_filter(Image& image, const Block& pixel, std::span<const float> filter, int columns) {
  const auto [least, most] = std::minmax_element(filter.begin(), filter.end());
  const double range = static_cast<double>(*most) - *least;
  const std::size_t plane = filter.size() / 3;
  for (std::size_t place = 0; place < plane; ++place) {
    Color color = kGrey;
    for (std::size_t c = 0; c < 3 && range > 0; ++c) {
      const double share = (static_cast<double>(filter[c * plane + place]) - *least) / range;
      color[c] = static_cast<std::uint8_t>(std::lround(255 * share));
    }
    const int row = static_cast<int>(place) / columns;
    const int column = static_cast<int>(place) % columns;
    paint(image,
          {pixel.top + row * pixel.height, pixel.left + column * pixel.width, pixel.height,
           pixel.width},
          color);
  }
}

// The network's input made smaller until it fits, or enlarged by a whole number.
struct ThumbnailSize {
  ImageTarget target;
  int zoom = 1;
};

ThumbnailSize thumbnail_size(const ImageTarget& input) {
  constexpr int kWanted = 96, kMost = 128;  // pixels of the longer side
  ThumbnailSize size = {.target = input, .zoom = 1};
  const int longer = std::max(input.height, input.width);
  if (longer > kMost) {
    size.target.height = std::max(1, input.height * kMost / longer);
    size.target.width = std::max(1, input.width * kMost / longer);
  }
  size.zoom = std::max(1, kWanted / longer);
  return size;
}

void paint_thumbnail(ThumbnailSheet& sheet, std::size_t index, std::span<const std::uint8_t> pixels,
                     const ThumbnailSize& size) {
  const int place = static_cast<int>(index);
  const int top = place / sheet.columns * sheet.height;
  const int left = place % sheet.columns * sheet.width;
  const std::uint8_t* pixel = pixels.data();
  for (int y = 0; y < size.target.height; ++y) {
    for (int x = 0; x < size.target.width; ++x, pixel += 3) {
      paint(sheet.image, {top + y * size.zoom, left + x * size.zoom, size.zoom, size.zoom},
            {pixel[0], pixel[1], pixel[2]});
    }
  }
}

}  // namespace

std::optional<Image> filter_tiles(const LayerParameters& layer) {
  constexpr int kTile = 36, kGap = 8;  // pixels
  const auto [k, c, r, s] = layer.extent;
  if (c != 3 || std::max(r, s) > kTile) return std::nullopt;
  const int zoom = kTile / std::max(r, s);
  const int count = std::min(k, kMostFilterTiles);
  const int columns = static_cast<int>(std::ceil(std::sqrt(1.5 * count)));
  const int rows = (count + columns - 1) / columns;
  Image image = filled_image(rows * (r * zoom + kGap) + kGap, columns * (s * zoom + kGap) + kGap);
  const auto size =
      static_cast<std::size_t>(c) * static_cast<std::size_t>(r) * static_cast<std::size_t>(s);
  for (int i = 0; i < count; ++i) {
    const Block first = {kGap + i / columns * (r * zoom + kGap),
                         kGap + i % columns * (s * zoom + kGap), zoom, zoom};
    paint_filter(image, first,
                 std::span(layer.weights).subspan(static_cast<std::size_t>(i) * size, size), s);
  }
  return image;
}

double confusion_shade(std::uint64_t count, std::uint64_t row_sum) {
  return row_sum == 0 ? 0 : std::sqrt(static_cast<double>(count) / static_cast<double>(row_sum));
}

Image confusion_picture(const ConfusionCounts& confusion) {
  constexpr int kSide = 480, kMostCell = 40;  // pixels
  const int classes = static_cast<int>(confusion.size());
  const int cell = std::clamp(kSide / classes, 1, kMostCell);
  Image image = Image::of_size(classes * cell, classes * cell);
  for (int row = 0; row < classes; ++row) {
    const auto& counts = confusion[static_cast<std::size_t>(row)];
    const auto sum = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    for (int column = 0; column < classes; ++column) {
      const double shade = confusion_shade(counts[static_cast<std::size_t>(column)], sum);
      Color color;
      for (std::size_t c = 0; c < 3; ++c)
        color[c] = static_cast<std::uint8_t>(std::lround(std::lerp(kLight[c], kDark[c], shade)));
      paint(image, {row * cell, column * cell, cell, cell}, color);
    }
  }
  return image;
}

void MistakeList::add(const Answer& answer) {
  if (answer.label == answer.predicted) return;
  const auto surer = [](const Answer& one, const Answer& other) {
    return one.probability > other.probability ||
           (one.probability == other.probability && one.index < other.index);
  };
  surest_.insert(std::upper_bound(surest_.begin(), surest_.end(), answer, surer), answer);
  if (surest_.size() > most_) surest_.pop_back();
}

ThumbnailSheet thumbnail_sheet(const DataSet& data, const std::vector<Answer>& answers,
                               const LoadOptions& options) {
  constexpr int kColumns = 8;
  constexpr std::size_t kMemory = std::size_t{1} << 30;  // bytes of one image's file and pixels
  const ThumbnailSize size = thumbnail_size(options.target);
  LoadOptions load = options;
  load.target = size.target;
  const int count = static_cast<int>(answers.size());
  ThumbnailSheet sheet{.image = {},
                       .columns = std::min(count, kColumns),
                       .height = size.target.height * size.zoom,
                       .width = size.target.width * size.zoom};
  const int rows = (count + sheet.columns - 1) / sheet.columns;
  sheet.image = filled_image(rows * sheet.height, sheet.columns * sheet.width);

  // In the order of the set: some are streams.
  std::vector<std::size_t> order(answers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&answers](std::size_t one, std::size_t other) {
    return answers[one].index < answers[other].index;
  });
  MemoryBudget files(kMemory);
  MemoryBudget images(kMemory);
  std::vector<std::uint8_t> pixels(size.target.bytes());
  for (const std::size_t i : order) {
    const std::size_t index = answers[i].index;
    if (!decode_resized(data, index, data.read(index, files), load, &images, pixels))
      paint_thumbnail(sheet, i, pixels, size);
  }
  return sheet;
}

}  // namespace allconv
