// An independent computation of the tiny model, in double precision, by the definitions: what the
// library's answers are compared with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "allconv/allconv.hpp"

namespace allconv::test {

struct ReferencePass {
  std::vector<double> input;   // (h,w,3), prepared
  std::vector<double> logits;  // (classes)
  std::vector<double> probabilities;
};

// `pixels` (8,6,3).
ReferencePass run_reference(const Model& model, std::span<const std::uint8_t> pixels);

// The loss of one image under a label, nats.
double reference_loss(const Model& model, std::span<const std::uint8_t> pixels, int label);

}  // namespace allconv::test
