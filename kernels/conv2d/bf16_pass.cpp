#include "kernels/conv2d/bf16_pass.hpp"

#include <algorithm>

#include "kernels/core/bf16.hpp"
#include "kernels/core/buffer.hpp"

namespace allconv::kernels {

namespace {

// Where the weight of a depth and a channel stands, within a tap's steps of one block.
std::int64_t place_in_block(int depth, int channel) {
  const std::int64_t step = depth / kTileDepth * kBlockStep;
  const std::int64_t half = channel / kTileWidth * kRightTile;
  const std::int64_t row = depth % kTileDepth / 2 * std::int64_t{2 * kTileWidth};
  return step + half + row + 2 * (channel % kTileWidth) + depth % 2;
}

}  // namespace

Bf16Leaves bf16_leaves(bool by_registers) {
#if defined(__x86_64__)
  if (by_registers) return amx::bf16_leaves();
#endif
  return portable::bf16_leaves();
}

// One band of one image.
struct Bf16Pass::Band {
  Interval positions;             // rows of every phase
  Interval source;                // rows of src that their windows see, the padding too
  const float* src = nullptr;     // the image
  std::int64_t image_offset = 0;  // of dst
  std::uint16_t* map = nullptr;   // (source rows,columns,c)
  PixelTile* tiles = nullptr;
};

Bf16Pass::Bf16Pass(const DirectShape& shape, const Bf16Leaves& leaves)
    : src_(shape.src), dst_(shape.dst), slopes_(shape.slopes), leaves_(leaves) {
  const auto end = [](const WindowAxis& axis) {
    return axis.origin + (axis.count - 1) * axis.src_step + axis.taps;
  };
  columns_ = {.first = shape.columns.front().origin, .last = end(shape.columns.front())};
  for (const WindowAxis& columns : shape.columns) {
    columns_.first = std::min(columns_.first, columns.origin);
    columns_.last = std::max(columns_.last, end(columns));
  }
  for (const WindowAxis& rows : shape.rows) {
    positions_ = std::max(positions_, rows.count);
    for (const WindowAxis& columns : shape.columns) {
      const auto depth =
          static_cast<int>(round_up(std::int64_t{columns.taps} * src_.channels, kTileDepth));
      phases_.push_back({.rows = rows, .columns = columns, .start = weights_size_, .depth = depth});
      weights_size_ += std::int64_t{blocks()} * rows.taps * depth * kBlockWidth;
    }
    for (int tap = static_cast<int>(tap_offsets_.size()); tap < rows.taps; ++tap) {
      tap_offsets_.push_back(std::int64_t{tap} * columns_.size() * src_.channels);
    }
  }
  cut();
}

// Parts large enough to be worth a thread's attention, of rows enough that those which two bands
// see are few, and bands whose map the second-level cache holds. And how pixels become tiles: by
// rows, or as one list where fewer tiles are needed then. Depends on the problem alone.
void Bf16Pass::cut() {
  constexpr std::int64_t kProductsPerPart = 5'000'000;
  constexpr std::int64_t kMostParts = 16;
  constexpr std::int64_t kMapElements = 256 << 10;
  constexpr int kBandRows = 8;
  std::int64_t products = 0;
  for (Phase& phase : phases_) {
    const int count = phase.columns.count;
    products +=
        std::int64_t{phase.rows.taps} * phase.depth * phase.rows.count * count * dst_.channels;
    if (phase.rows.count == 0 || count == 0) continue;
    const int tiles_a_row = divide_up(count, kTileRows);
    const int listed = (phase.rows.count - 1) * columns_.size() + count;
    phase.is_list = phase.rows.src_step == 1 && phase.columns.src_step == 1 &&
                    divide_up(listed, kTileRows) < phase.rows.count * tiles_a_row;
    phase.tile_rows = phase.is_list ? kTileRows : divide_up(count, tiles_a_row);
  }
  const auto wanted =
      static_cast<int>(std::clamp<std::int64_t>(products / kProductsPerPart, 1, kMostParts));
  const int most_bands = std::max(1, positions_ / kBandRows);
  const std::int64_t map = map_size(source_rows({0, positions_}).size());
  const auto least_bands = static_cast<int>(std::min<std::int64_t>(
      divide_up(static_cast<int>(map / 1024), kMapElements / 1024), positions_));
  bands_ = std::max({1, std::min(wanted, most_bands), least_bands});
  groups_ = std::clamp(divide_up(wanted, bands_), 1, blocks());
}

// The rows of src that windows of these positions see in any phase, the padding too.
Interval Bf16Pass::source_rows(Interval positions) const {
  Interval rows;
  for (const Phase& phase : phases_) {
    const WindowAxis& axis = phase.rows;
    const Interval own = intersection(positions, {0, axis.count});
    if (own.size() == 0 || axis.taps == 0) continue;
    const int first = axis.origin + own.first * axis.src_step;
    const int last = axis.origin + (own.last - 1) * axis.src_step + axis.taps;
    rows = rows.size() == 0 ? Interval{first, last}
                            : Interval{std::min(rows.first, first), std::max(rows.last, last)};
  }
  return rows;
}

// Elements, with what the last tile may read behind the map.
std::int64_t Bf16Pass::map_size(int rows) const {
  int step = 1;
  for (const Phase& phase : phases_) step = std::max(step, phase.columns.src_step);
  const std::int64_t behind = std::int64_t{kTileRows - 1} * step * src_.channels + kTileDepth;
  return std::int64_t{rows} * columns_.size() * src_.channels + behind;
}

std::size_t Bf16Pass::workspace_bytes() const {
  std::int64_t elements = 0;
  for (int band = 0; band < bands_; ++band) {
    elements = std::max(elements, map_size(source_rows(share_of(positions_, bands_, band)).size()));
  }
  // No phase has more tiles than by rows.
  const int tiles = divide_up(positions_, bands_) * divide_up(dst_.columns, kTileRows);
  return align_up(static_cast<std::size_t>(elements) * sizeof(std::uint16_t)) +
         static_cast<std::size_t>(tiles) * sizeof(PixelTile);
}

void Bf16Pass::run(const Tensors& tensors, std::span<std::byte> scratch, Interval parts) const {
  while (parts.first < parts.last) {
    const int within = parts.first % parts_per_image();
    const int group = within % groups_;
    const int groups = std::min(groups_ - group, parts.size());  // of one band
    const Interval blocks_of{share_of(blocks(), groups_, group).first,
                             share_of(blocks(), groups_, group + groups - 1).last};
    const Band band = band_of(tensors, scratch, parts.first / parts_per_image(), within / groups_);
    round_map(band);
    for (const Phase& phase : phases_) multiply(tensors, band, phase, blocks_of);
    parts.first += groups;
  }
}

Bf16Pass::Band Bf16Pass::band_of(const Tensors& tensors, std::span<std::byte> scratch, int image,
                                 int band) const {
  const Interval positions = share_of(positions_, bands_, band);
  const Interval source = source_rows(positions);
  const auto map_bytes =
      align_up(static_cast<std::size_t>(map_size(source.size())) * sizeof(std::uint16_t));
  return {.positions = positions,
          .source = source,
          .src = tensors.src + image * src_.size(),
          .image_offset = image * dst_.size(),
          .map = reinterpret_cast<std::uint16_t*>(scratch.data()),
          .tiles = reinterpret_cast<PixelTile*>(scratch.data() + map_bytes)};
}

void Bf16Pass::round_map(const Band& band) const {
  const std::int64_t row_size = std::int64_t{columns_.size()} * src_.channels;
  const Interval inside = intersection(columns_, {0, src_.columns});
  const std::int64_t before = std::int64_t{inside.first - columns_.first} * src_.channels;
  const std::int64_t count = std::int64_t{inside.size()} * src_.channels;
  std::uint16_t* to = band.map;  // (columns,c)
  for (int row = band.source.first; row < band.source.last; ++row, to += row_size) {
    if (row < 0 || row >= src_.rows || count == 0) {
      std::fill_n(to, row_size, std::uint16_t{0});
      continue;
    }
    std::fill_n(to, before, std::uint16_t{0});
    const float* const from = band.src + row * src_.row_size() + inside.first * src_.channels;
    leaves_.round(from, count, to + before);
    std::fill(to + before + count, to + row_size, std::uint16_t{0});
  }
  std::fill(to, band.map + map_size(band.source.size()), std::uint16_t{0});
}

// Writes the tiles of a phase's positions, and returns how many there are.
int Bf16Pass::place_tiles(const Band& band, const Phase& phase, Interval positions) const {
  const WindowAxis& rows = phase.rows;
  const WindowAxis& columns = phase.columns;
  const std::int64_t column_step = std::int64_t{columns.src_step} * src_.channels;
  // By rows, a row is as long as its tiles; in a list, as the map's.
  const int tiles_a_row = divide_up(columns.count, phase.tile_rows);
  const int row_length = phase.is_list ? columns_.size() : tiles_a_row * phase.tile_rows;
  const int length = phase.is_list ? (positions.size() - 1) * row_length + columns.count
                                   : positions.size() * row_length;
  const int tiles = divide_up(length, phase.tile_rows);
  for (int tile = 0; tile < tiles; ++tile) {
    PixelTile& to = band.tiles[tile];
    for (int pixel = 0; pixel < phase.tile_rows; ++pixel) {
      const int at = tile * phase.tile_rows + pixel;
      const int row = positions.first + at / row_length;
      const int column = at % row_length;
      if (pixel == 0) {
        const std::int64_t source = rows.origin + row * rows.src_step - band.source.first;
        to.src = (source * columns_.size() + columns.origin - columns_.first) * src_.channels +
                 column * column_step;
      }
      const bool exists = row < positions.last && column < columns.count;
      to.dst[pixel] = exists
                          ? band.image_offset + (rows.first + row * rows.step) * dst_.row_size() +
                                std::int64_t{columns.first + column * columns.step} * dst_.channels
                          : -1;
    }
  }
  return tiles;
}

void Bf16Pass::multiply(const Tensors& tensors, const Band& band, const Phase& phase,
                        Interval blocks) const {
  const Interval positions = intersection(band.positions, {0, phase.rows.count});
  if (positions.size() == 0 || phase.columns.count == 0) return;
  const int channel = blocks.first * kBlockWidth;
  const bool reads = phase.rows.taps > 0 && phase.columns.taps > 0;
  const std::int64_t block_size = std::int64_t{phase.rows.taps} * phase.depth * kBlockWidth;
  leaves_.multiply({.src = band.map,
                    .tiles = band.tiles,
                    .tile_count = place_tiles(band, phase, positions),
                    .rows = phase.tile_rows,
                    .src_step = std::int64_t{phase.columns.src_step} * src_.channels,
                    .tap_offsets = tap_offsets_.data(),
                    .taps = reads ? phase.rows.taps : 0,
                    .depth = phase.depth,
                    .weights = reinterpret_cast<const std::uint16_t*>(tensors.weights) +
                               phase.start + blocks.first * block_size,
                    .bias = tensors.bias == nullptr ? nullptr : tensors.bias + channel,
                    .channels = std::min(dst_.channels, blocks.last * kBlockWidth) - channel,
                    .dst = tensors.dst + channel,
                    .output = slopes_.output == 1 ? nullptr : tensors.output + channel,
                    .signal_slope = slopes_.signal,
                    .output_slope = slopes_.output});
}

// `read` is called with an output channel, an input channel and a tap of the window.
template <class Read>
void Bf16Pass::pack_by(const Bf16Weights& from, std::byte* packed, const Read& read) const {
  auto* const to = reinterpret_cast<std::uint16_t*>(packed);
  std::fill_n(to, weights_size_, std::uint16_t{0});
  for (const Phase& phase : phases_) {
    const std::int64_t tap_size = std::int64_t{phase.depth} * kBlockWidth;
    for (int row = 0; row < phase.rows.taps; ++row) {
      for (int at = 0; at < phase.columns.taps * src_.channels; ++at) {
        const int column = at / src_.channels;
        const int tap = phase.rows.tap(row) * from.problem.s + phase.columns.tap(column);
        const int c = at % src_.channels;
        for (int channel = 0; channel < dst_.channels; ++channel) {
          const std::int64_t block = channel / kBlockWidth;
          const std::int64_t place = phase.start + (block * phase.rows.taps + row) * tap_size +
                                     place_in_block(at, channel % kBlockWidth);
          to[place] = bf16_bits(from.is_gradient ? read(c, channel, tap) : read(channel, c, tap));
        }
      }
    }
  }
}

void Bf16Pass::pack(const Bf16Weights& from, const float* weights, std::byte* packed) const {
  const std::int64_t taps = std::int64_t{from.problem.r} * from.problem.s;
  pack_by(from, packed, [=, c_count = from.problem.c](int k, int c, int tap) {  // of (k,c,r,s)
    return weights[(std::int64_t{k} * c_count + c) * taps + tap];
  });
}

void Bf16Pass::pack_panels(const Bf16Weights& from, const PanelForm& form, const float* panels,
                           std::byte* packed) const {
  const int width = form.blocks().shape.width();
  pack_by(from, packed,
          [&](int k, int c, int tap) { return panels[form.at(k / width, tap, c) + k % width]; });
}

}  // namespace allconv::kernels
