#include "tests/operations/suite/comparison.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <sstream>

#include "tests/operations/suite/reduced.hpp"
#include "tests/operations/suite/tolerances.hpp"

namespace allconv::suite {

namespace {

using kernels::NumericClass;

constexpr double kUnit = 1.0 / (1 << 24);  // half the spacing of fp32 numbers just above 1
constexpr std::size_t kMistrustFrom = 64;  // elements; fewer can be zero by chance
constexpr double kMistrustAbove = 0.7;     // share of zeros

// Collects the wrong elements of one tensor into one sentence.
class Mismatches {
 public:
  explicit Mismatches(const Tensor& tensor) : tensor_(tensor) {}

  void add(std::size_t element, double value, double expected) {
    if (++count_ <= kShown) {
      text_ << (count_ == 1 ? "" : ", ") << tensor_.describe(element, value) << " instead of "
            << expected;
    }
  }
  void report(const std::string& rule, Faults& faults) const {
    if (count_ == 0) return;
    faults.push_back(std::to_string(count_) + " of " + std::to_string(tensor_.count) +
                     " elements are wrong (" + rule + "): " + text_.str());
  }

 private:
  static constexpr std::size_t kShown = 3;
  const Tensor& tensor_;
  std::size_t count_ = 0;
  std::ostringstream text_ = [] {
    std::ostringstream text;
    text.precision(9);
    return text;
  }();
};

// All NaNs are the same: which of two operands' payloads survives is the compiler's choice.
bool same_bits(double value, float expected) {
  if (std::isnan(value)) return std::isnan(expected);
  return std::bit_cast<std::uint32_t>(static_cast<float>(value)) ==
         std::bit_cast<std::uint32_t>(expected);
}

// `by_bits`: also the sign of zero; else equality as numbers. Both of what the tensor can hold of
// the expected value.
void compare_exactly(const Tensor& tensor, std::span<const std::byte> bytes,
                     const std::vector<float>& expected, bool by_bits, Faults& faults) {
  Mismatches mismatches(tensor);
  for (std::size_t i = 0; i < tensor.count; ++i) {
    const double value = element_at(tensor.element, bytes, i);
    const float held = as_stored(tensor.element, expected[i]);
    const bool equal = by_bits ? same_bits(value, held) : value == static_cast<double>(held);
    if (!equal) mismatches.add(i, value, static_cast<double>(held));
  }
  mismatches.report(by_bits ? "must have the reference's bits" : "must equal the reference",
                    faults);
}

struct Bounds {
  const std::vector<double>& expected;
  const std::vector<double>& magnitudes;
  double units;
};

void compare_within(const Tensor& tensor, std::span<const std::byte> bytes, const Bounds& bounds,
                    Faults& faults) {
  Mismatches mismatches(tensor);
  double worst = 0;
  for (std::size_t i = 0; i < tensor.count; ++i) {
    const double value = element_at(tensor.element, bytes, i);
    const double error = std::abs(value - bounds.expected[i]);
    const double computing = bounds.units * kUnit * bounds.magnitudes[i];
    const double storing = storing_error(tensor.element, std::abs(bounds.expected[i]) + computing);
    worst = std::max(worst, (error - storing) / (kUnit * bounds.magnitudes[i]));
    // NaN is wrong too.
    if (!(error <= computing + storing)) mismatches.add(i, value, bounds.expected[i]);
  }
  std::ostringstream rule;
  rule << "up to " << worst << " units off, " << bounds.units << " allowed";
  mismatches.report(rule.str(), faults);
}

// A transform sums neighbouring results and takes them apart again: what one loses to rounding
// depends on the largest of them.
std::vector<double> largest_of(std::vector<double> magnitudes) {
  const double largest = *std::max_element(magnitudes.begin(), magnitudes.end());
  std::fill(magnitudes.begin(), magnitudes.end(), largest);
  return magnitudes;
}

}  // namespace

const Results<float>& Expectation::in_float() {
  if (float_.empty()) float_ = trial_.expected_float(tensors_);
  return float_;
}

const Results<double>& Expectation::in_double() {
  if (double_.empty()) double_ = trial_.expected_double(tensors_);
  return double_;
}

const Results<double>& Expectation::magnitudes() {
  if (magnitudes_.empty()) magnitudes_ = trial_.magnitudes(tensors_);
  return magnitudes_;
}

Faults compare_with_reference(const Trial& trial, const Row& row, DataKind data,
                              const TensorList& tensors, const Execution& execution,
                              Expectation& expectation) {
  Faults faults;
  const bool exact = row.numeric_class == NumericClass::exact;
  const bool exact_on_this_data =
      exact || (row.numeric_class == NumericClass::direct && data == DataKind::integers);
  const Tolerance* tolerance = find_tolerance(trial.operation(), row.numeric_class);
  if (!exact && tolerance == nullptr) {
    return {"tolerances.hpp has no entry for " + std::string(trial.operation()) +
            " in this row's numeric class: add one with its reason"};
  }
  for (const auto& [name, bytes] : execution.results) {
    const Tensor& tensor = tensors.at(name);
    const bool whole_numbers = tensor.element == Element::u8 || tensor.element == Element::i32;
    if (exact_on_this_data || whole_numbers) {
      compare_exactly(tensor, bytes, expectation.in_float().at(name), exact, faults);
    } else {
      std::vector<double> magnitudes = expectation.magnitudes().at(name);
      if (row.numeric_class == NumericClass::winograd) magnitudes = largest_of(magnitudes);
      const Bounds bounds{.expected = expectation.in_double().at(name),
                          .magnitudes = magnitudes,
                          .units = tolerance->units};
      compare_within(tensor, bytes, bounds, faults);
    }
  }
  return faults;
}

Faults mistrust_zeros(const TensorList& tensors, const Execution& execution) {
  Faults faults;
  for (const auto& [name, bytes] : execution.results) {
    const Tensor& tensor = tensors.at(name);
    if (tensor.may_be_zero || tensor.count < kMistrustFrom) continue;
    std::size_t zeros = 0;
    for (std::size_t i = 0; i < tensor.count; ++i) {
      if (element_at(tensor.element, bytes, i) == 0) ++zeros;
    }
    if (static_cast<double>(zeros) <= kMistrustAbove * static_cast<double>(tensor.count)) continue;
    faults.push_back("MISTRUSTED: " + std::to_string(zeros) + " of " +
                     std::to_string(tensor.count) + " elements of " + name +
                     " are zeros: choose data that tell more");
  }
  return faults;
}

}  // namespace allconv::suite
