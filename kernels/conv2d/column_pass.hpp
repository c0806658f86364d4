// ColumnPass: the data gradient of few channels, which would fill a fraction of a vector: every
// pixel of d_dst times all (r,s,c) weights at once, then the windows of products are added into the
// rows of d_src that they lie on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/conv2d/direct_pass.hpp"

namespace allconv::kernels {

// Immutable; any number of threads may run parts of it, each with a scratch of its own. A part is a
// band of rows of d_src. A sum's order depends neither on the bands nor on the batch.
class ColumnPass {
 public:
  ColumnPass(const Conv2dProblem& problem, const DirectLeaves& leaves);

  // Whether it needs clearly fewer products than a DirectPass, counted in whole vectors.
  static bool pays(const Conv2dProblem& problem, const PanelShape& shape);

  const PanelBlocks& columns() const { return columns_; }  // (r,s,c)
  std::int64_t weights_size() const { return std::int64_t{columns_.total_width()} * problem_.k; }

  int parts_per_image() const { return bands_; }
  std::size_t workspace_bytes() const;
  // Reads tensors.src as d_dst and writes tensors.dst as d_src. Weights: (block)(k,width).
  void run(const DirectTensors& tensors, std::span<std::byte> scratch, Interval parts) const;

 private:
  struct Work;

  void run_part(const DirectTensors& tensors, std::span<std::byte> scratch, int part) const;
  void add_row(const Work& work, int row) const;
  void multiply(const Work& work, const float* d_dst, int pixels) const;
  void finish(const Work& work, const float* output, float* d_src) const;

  Conv2dProblem problem_;
  DirectLeaves leaves_;
  PanelBlocks columns_;
  int bands_ = 1;
  int sum_columns_ = 0;  // in a row of sums: all windows', and all of d_src behind the padding
};

}  // namespace allconv::kernels
