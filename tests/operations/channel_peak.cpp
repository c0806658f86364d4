// channel_peak: integers are full of ties, of which the first position wins.
#include "kernels/channel_peak/reference.hpp"

#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using Problem = kernels::ChannelPeakProblem;

struct ChannelPeakCase {
  using Operation = kernels::ChannelPeak;
  static constexpr std::string_view kName = Operation::kName;

  static std::vector<Problem> quick_problems() {
    return {{.n = 1, .h = 1, .w = 1, .c = 1},  {.n = 3, .h = 8, .w = 8, .c = 12},
            {.n = 3, .h = 6, .w = 6, .c = 10}, {.n = 2, .h = 3, .w = 11, .c = 33},
            {.n = 1, .h = 7, .w = 1, .c = 64}, {.n = 2, .h = 1, .w = 2, .c = 100}};
  }
  static std::vector<Problem> full_problems() { return {{.n = 32, .h = 16, .w = 16, .c = 192}}; }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    TensorList list;
    list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map).per_image =
        true;
    list.output("values", problem.dst_size()).per_image = true;
    list.output("positions", problem.dst_size(), Element::i32).per_image = true;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Problem&, const Bench& bench) {
    return {.src = bench.read<float>("src"),
            .values = bench.write<float>("values"),
            .positions = bench.write<std::int32_t>("positions")};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    std::vector<Real> values(static_cast<std::size_t>(problem.dst_size()));
    std::vector<std::int32_t> positions(values.size());
    kernels::channel_peak_reference<Real>(problem, tensors.values<Real>("src").data(),
                                          values.data(), positions.data());
    return {{"values", values},
            {"positions", std::vector<Real>(positions.begin(), positions.end())}};
  }
};

const Registered<ChannelPeakCase> kRegistered;

}  // namespace

}  // namespace allconv::suite
