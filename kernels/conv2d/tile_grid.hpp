// TileGrid: how Winograd's tiles lie over a map of a batch, and where their pixels are.
#pragma once

#include <cstdint>

namespace allconv::kernels {

// Tile (ty,tx) covers `size` x `size` pixels from (top + ty * step, left + tx * step); tiles of all
// images are numbered through, by rows. A tile may reach beyond the map.
struct TileGrid {
  int n = 1, h = 0, w = 0, c = 0;  // the map (n,h,w,c)
  int top = 0, left = 0;           // of the first tile
  int step = 1, size = 1;
  int tiles_h = 0, tiles_w = 0;

  int tiles_an_image() const { return tiles_h * tiles_w; }
  int tiles() const { return n * tiles_an_image(); }

  static constexpr int kMaxSize = 9;
  static constexpr std::int64_t kOutside = -1;

  // Where the tile's pixels begin in the map, in floats; kOutside for those beyond it.
  void locate(int tile, std::int64_t* pixels) const;  // (size,size)

  // The same as pointers; pixels beyond the map are `zeros`, (c) floats.
  void locate(int tile, const float* map, const float* zeros, const float** pixels) const;

 private:
  template <class Visit>
  void for_each_pixel(int tile, const Visit& visit) const;
};

}  // namespace allconv::kernels
