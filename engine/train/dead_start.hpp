// Dead start: a training whose loss stays at that of guessing, ln(classes), since every image gets
// the same logits; with a ReLU behind the last convolution most often because that lets nothing
// through, and then no gradient either.
#pragma once

#include <cstddef>
#include <string>

#include "engine/support/error.hpp"

namespace allconv {

// Steps whose mean loss is judged.
inline constexpr std::size_t kJudgedSteps = 100;

// The start is judged once, after so many steps: at the end of the first epoch, but not before 100
// steps, nor after 1,000.
std::size_t judging_step(std::size_t steps_of_epoch);

// Whether a mean loss (nats) is within 1% of ln(classes).
bool is_guessing(double loss, int classes);

// What a training that does not begin ends with. Exit code 7.
class DeadStart : public Error {
 public:
  // `layers`: as dead_layers_text() says it, may be empty.
  DeadStart(std::size_t steps, double loss, int classes, const std::string& layers);
};

}  // namespace allconv
