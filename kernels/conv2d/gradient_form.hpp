// GradientForm: the weights of a data gradient, which multiplies with them over output channels.
// For each tap and input channel the output channels stand a constant distance apart, which is all
// that packing and converting need to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/conv2d/panel_form.hpp"
#include "kernels/conv2d/problem.hpp"

namespace allconv::kernels {

// Immutable. Distances are in floats; what no weight occupies is zero.
class GradientForm final : public WeightsForm {
 public:
  // The output channels of one tap and input channel.
  struct Column {
    std::int64_t first = 0;
    std::int64_t step = 0;
  };

  // `columns` is (r,s,c), `size` that of the whole form.
  GradientForm(const Conv2dProblem& problem, std::vector<Column> columns, std::int64_t size)
      : k_(problem.k),
        c_(problem.c),
        taps_(problem.r * problem.s),
        size_(size),
        columns_(std::move(columns)) {}

  std::int64_t size() const { return size_; }

  // From (k,c,r,s).
  void pack(const float* weights, float* packed) const;
  // From a PanelForm of the same problem.
  void pack_from(const PanelForm& form, const float* panels, float* packed) const;

  // Null where `form` is not a PanelForm of the same problem. Borrows both.
  std::unique_ptr<WeightsConversion> conversion_from(const WeightsForm& form) const;

 private:
  const Column& column(int tap, int c) const {
    return columns_[static_cast<std::size_t>(tap) * static_cast<std::size_t>(c_) +
                    static_cast<std::size_t>(c)];
  }

  int k_, c_, taps_;
  std::int64_t size_;
  std::vector<Column> columns_;
};

}  // namespace allconv::kernels
