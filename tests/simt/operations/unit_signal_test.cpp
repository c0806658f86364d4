// The signal of an explanation, which is no operation of the suite: on the CPU it has no kernel.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/unit_signal/cuda.hpp"
#include "tests/operations/suite/data.hpp"
#include "tests/simt/device_array.hpp"
#include "tests/simt/machine.hpp"

namespace allconv::suite {
namespace {

using kernels::UnitChoice;
using kernels::UnitFound;
using kernels::UnitSignal;
using kernels::UnitSignalProblem;

// The unit by three plain loops in the map's order.
std::int32_t expected_unit(const UnitSignalProblem& problem, const float* map,
                           const UnitChoice& choice) {
  std::int32_t found = -1, element = 0;
  for (int y = 0; y < problem.h; ++y) {
    for (int x = 0; x < problem.w; ++x) {
      for (int k = 0; k < problem.c; ++k, ++element) {
        const bool agrees = (choice.row < 0 || choice.row == y) &&
                            (choice.column < 0 || choice.column == x) &&
                            (choice.channel < 0 || choice.channel == k);
        if (agrees && (found < 0 || map[element] > map[found])) found = element;
      }
    }
  }
  return found;
}

struct Outputs {
  std::vector<float> signal;
  std::vector<UnitFound> found;
};

Outputs run(const UnitSignalProblem& problem, const std::vector<UnitChoice>& choices,
            const std::vector<float>& map) {
  const simt::DeviceArray<float> src(map), signal(map.size());
  const simt::DeviceArray<UnitChoice> chosen(choices);
  const simt::DeviceArray<UnitFound> found(choices.size());
  const auto kernel =
      cuda_kernel_table(UnitSignal{}).front().prepare({.problem = problem, .types = {}});
  EXPECT_EQ(kernel->run({}, {.src = src.data(),
                             .choices = chosen.data(),
                             .signal = signal.data(),
                             .found = found.data()}),
            cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(simt::take_faults(), std::vector<std::string>{});
  return {signal.values(), found.values()};
}

void check(const UnitSignalProblem& problem, const std::vector<UnitChoice>& choices,
           const std::vector<float>& map) {
  const Outputs outputs = run(problem, choices, map);
  std::vector<float> expected(map.size());
  const auto image = static_cast<std::size_t>(problem.image_size());
  for (std::size_t n = 0; n < choices.size(); ++n) {
    const std::int32_t unit = expected_unit(problem, map.data() + n * image, choices[n]);
    const std::size_t at = n * image + static_cast<std::size_t>(unit);
    expected[at] = 1;
    EXPECT_EQ(outputs.found[n].element, unit) << n;
    EXPECT_EQ(outputs.found[n].value, map[at]) << n;
  }
  EXPECT_EQ(outputs.signal, expected) << problem.h << " x " << problem.w << " x " << problem.c;
}

// Of two images the largest comes twice: to one thread, and to two.
std::vector<float> with_ties(const UnitSignalProblem& problem) {
  constexpr float kTie = 100;
  std::vector<float> map = Filler(DataKind::reals, 1).values("map", problem.size());
  const auto size = static_cast<std::size_t>(problem.image_size());
  map[2 * size + 1] = map[2 * size + size - 1] = kTie;
  map[3 * size + 2] = map[3 * size + size - 2] = kTie;
  return map;
}

TEST(UnitSignalOnGpu, IsOneAtTheClassAskedForOrTheLargest) {
  const std::vector<UnitChoice> choices = {{}, {.channel = 3}, {}, {}, {.channel = 0}, {}};
  for (const int classes : {4, 10, 36, 66, 300}) {
    const UnitSignalProblem problem{
        .n = static_cast<int>(choices.size()), .c = classes, .logits = 1};
    check(problem, choices, with_ties(problem));
  }
}

TEST(UnitSignalOnGpu, IsOneWhereTheChannelIsLargestOrWhereItIsAskedFor) {
  const std::vector<UnitChoice> choices = {{.channel = 2}, {.channel = 1, .row = 3, .column = 4},
                                           {.channel = 1}, {},
                                           {.row = 2},     {.channel = 4, .column = 0}};
  for (const int rows : {4, 12}) {
    const UnitSignalProblem problem{
        .n = static_cast<int>(choices.size()), .h = rows, .w = 9, .c = 5};
    check(problem, choices, with_ties(problem));
  }
}

TEST(UnitSignalOnGpu, TakesTheFirstUnitWhereNoneIsANumber) {
  const UnitSignalProblem problem{.n = 1, .h = 3, .w = 3, .c = 2};
  const std::vector<float> map(static_cast<std::size_t>(problem.size()),
                               std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(run(problem, {{.channel = 1}}, map).found.front().element, 1);
}

}  // namespace
}  // namespace allconv::suite
