// DirectPass: windows over the images of a batch times panels of weights, for any shape and for the
// leaves of any instruction set. The forward pass and the data gradient are both one of these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/conv2d/direct_simd.hpp"
#include "kernels/conv2d/panel_form.hpp"
#include "kernels/conv2d/window_axis.hpp"

namespace allconv::kernels {

struct MapShape {
  int rows = 0;
  int columns = 0;
  int channels = 0;
  std::int64_t size() const { return std::int64_t{rows} * columns * channels; }
  std::int64_t row_size() const { return std::int64_t{columns} * channels; }
};

// One image of the problem. Phases are all pairs of a phase of rows and one of columns.
struct DirectShape {
  MapShape src, dst;  // read and written
  std::vector<WindowAxis> rows, columns;
  ReluSlopes slopes;
};

DirectShape forward_shape(const Conv2dProblem& problem);
// Reads d_dst and writes d_src.
DirectShape data_gradient_shape(const Conv2dProblem& problem);

// Of the whole batch.
struct DirectTensors {
  const float* src = nullptr;
  const float* weights = nullptr;  // (phase)(block)(row tap, column tap, src channel, width)
  const float* bias = nullptr;     // (dst channels), null: zero
  const float* output = nullptr;   // like dst, for the epilogues that read it
  float* dst = nullptr;
};

// The leaves of an instruction set.
DirectLeaves direct_leaves(Isa isa);

// Immutable; any number of threads may run parts of it, each with a scratch of its own.
//
// A part is a band of rows of one image and a group of its panels. Every panel is multiplied with
// the whole band before the next. Padding is neither copied nor multiplied: rows and columns of the
// map fall into runs whose windows have the same taps inside, and each run takes these taps alone.
class DirectPass {
 public:
  DirectPass(const DirectShape& shape, const DirectLeaves& leaves);

  struct Phase {
    WindowAxis rows, columns;
    std::vector<WindowRun> row_runs, column_runs;
    std::int64_t start = 0;  // its first weight
  };

  const std::vector<Phase>& phases() const { return phases_; }
  const PanelBlocks& blocks() const { return blocks_; }
  std::int64_t weights_size() const { return weights_size_; }
  // The weights of a phase's row tap and column tap: (src channel, width).
  std::int64_t weights_at(const Phase& phase, int block, int row_tap, int column_tap) const;

  int parts_per_image() const { return bands_ * groups_; }
  std::size_t workspace_bytes() const;
  // Where weights are larger than activations, whole images among the parts are computed together,
  // so that the weights are read once; the bits are the same.
  void run(const DirectTensors& tensors, std::span<std::byte> scratch, Interval parts) const;

 private:
  struct Work;
  struct Side;
  struct Steps;
  struct Window {
    WindowRun rows{}, columns{};
  };

  void cut();
  Work work_on(const DirectTensors& tensors, Interval parts) const;
  void multiply(const Work& work, const Phase& phase, int block) const;
  bool goes_by_taps(const Phase& phase, int block, const WindowRun& columns) const;
  void multiply_taps(const Work& work, const Phase& phase, int block, const Window& window) const;
  void multiply_run(const Work& work, const Phase& phase, int block, const Window& window,
                    const Steps& steps) const;
  void multiply_list(const Work& work, PanelProduct product, const Steps& steps) const;
  void finish(const Work& work, const PanelProduct& product) const;
  PanelProduct product_of(const Work& work, const Phase& phase, int block,
                          const Window& window) const;
  std::array<Side, 3> sides_of(const Work& work, const Phase& phase, const Window& window) const;
  bool is_one_list(const Phase& phase) const;

  MapShape src_, dst_;
  ReluSlopes slopes_;
  DirectLeaves leaves_;
  PanelBlocks blocks_;
  std::vector<Phase> phases_;
  std::vector<std::int64_t> tap_offsets_;  // of the rows of a window
  std::int64_t weights_size_ = 0;
  int positions_ = 0;  // rows of the phase that has most
  int bands_ = 1;
  int groups_ = 1;
};

}  // namespace allconv::kernels
