#include "engine/train/dead_start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace allconv {

namespace {

constexpr std::size_t kLatestStep = 1000;
constexpr double kMargin = 0.01;  // of ln(classes)

}  // namespace

std::size_t judging_step(std::size_t steps_of_epoch) {
  return std::clamp(steps_of_epoch, kJudgedSteps, kLatestStep);
}

bool is_guessing(double loss, int classes) {
  const double guessing = std::log(classes);
  return std::abs(loss - guessing) <= kMargin * guessing;
}

DeadStart::DeadStart(std::size_t steps, double loss, int classes, const std::string& layers)
    : Error(ErrorKind::training,
            fmt::format("after {} steps the loss is still {:.4f}, as by guessing among {} "
                        "classes (ln {} = {:.4f}){}{}",
                        steps, loss, classes, classes, std::log(classes),
                        layers.empty() ? "" : "; ", layers),
            "dead start",
            "give another --seed, a lower --learning-rate or --network-options last-relu=off") {}

}  // namespace allconv
