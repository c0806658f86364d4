// The one table of tolerances: how far a kernel's result may be from the reference's in double.
//
// An error is measured in units of  2^-24 * magnitude, where the magnitude is what the operation's
// case says: for sums the sum of the absolute products, for functions the result itself and what
// enters it.
//   exact    0: the same bits as the reference, on every data.
//   direct   integers 0: every partial sum is an integer below 2^24, so order does not matter.
//            Reals: a rounding error is at most 2^-24 of the partial sum at hand. For t products of
//            either sign the partial sums grow like sqrt(t) while the magnitude grows like t, so
//            the errors' root mean square stays near one unit whatever t is. The largest of some
//            million results lies below six times that; twelve leaves room for sums that drift.
//   winograd the same sums of transformed values, whose rounding errors the transform back makes
//            larger by up to its coefficients: 1 to 2 times the root mean square of direct sums,
//            the largest of some million results 4 to 6.4 units. Errors spread over a tile, so the
//            magnitude is the largest of the whole result. A coefficient wrong in its fourth digit
//            is off by hundreds of units. Weight gradients sum over tiles: up to 12 units.
//   rounded  a handful of roundings of their own: exp within 2 units, a division, a sum over the
//   row.
// A GPU stores results in 16 bits too, and multiplies fp16, bf16 or tf32. Its inputs are rounded to
// that precision before the reference sees them, and a product of two numbers of at most 11 binary
// digits is exact in fp32: what is left are the errors above, and those of the rounded result.
//   f16      2^-11 of the result, and at least half the spacing of subnormals, 2^-25
//   bf16     2^-8 of the result
#pragma once

#include <string_view>

#include "kernels/core/kernel.hpp"
#include "tests/operations/suite/tensors.hpp"

namespace allconv::suite {

struct Tolerance {
  std::string_view operation;
  kernels::NumericClass numeric_class;
  double units;  // of 2^-24 * magnitude, on reals
};

inline constexpr Tolerance kTolerances[] = {
    {"conv2d_forward", kernels::NumericClass::direct, 12},
    {"conv2d_pixels_forward", kernels::NumericClass::direct, 12},
    {"conv2d_data_gradient", kernels::NumericClass::direct, 12},
    {"conv2d_forward", kernels::NumericClass::winograd, 10},
    {"conv2d_data_gradient", kernels::NumericClass::winograd, 10},
    {"conv2d_weight_gradient", kernels::NumericClass::winograd, 20},
    {"conv2d_weight_gradient", kernels::NumericClass::direct, 12},
    {"global_average_pool_forward", kernels::NumericClass::direct, 12},
    {"global_average_pool_forward", kernels::NumericClass::rounded, 12},
    {"global_average_pool_backward", kernels::NumericClass::rounded, 3},
    {"softmax_cross_entropy_forward", kernels::NumericClass::rounded, 12},
    {"softmax_cross_entropy_backward", kernels::NumericClass::rounded, 6},
    {"classifier_head", kernels::NumericClass::rounded, 12},
    {"image_prepare", kernels::NumericClass::rounded, 6},
    {"sgd", kernels::NumericClass::rounded, 6},
};

// Null where no row of the operation is expected to have this class: such a row needs an entry,
// with its reason, before it can pass.
constexpr const Tolerance* find_tolerance(std::string_view operation,
                                          kernels::NumericClass numeric_class) {
  for (const Tolerance& tolerance : kTolerances) {
    if (tolerance.operation == operation && tolerance.numeric_class == numeric_class) {
      return &tolerance;
    }
  }
  return nullptr;
}

// By how much a value of this magnitude changes where it is stored.
constexpr double storing_error(Element element, double magnitude) {
  constexpr double kHalfSpacing = 1.0 / (1 << 25);
  if (element == Element::f16) return magnitude / (1 << 11) + kHalfSpacing;
  if (element == Element::bf16) return magnitude / (1 << 8);
  return 0;
}

}  // namespace allconv::suite
