// top_k: integers are full of ties, of which the lower index comes first.
#include "kernels/top_k/reference.hpp"

#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using Problem = kernels::TopKProblem;

struct TopKCase {
  using Operation = kernels::TopK;
  static constexpr std::string_view kName = Operation::kName;

  static std::vector<Problem> quick_problems() {
    return {{.n = 1, .c = 1, .k = 1},     {.n = 3, .c = 10, .k = 1},  {.n = 3, .c = 10, .k = 3},
            {.n = 1, .c = 10, .k = 10},   {.n = 3, .c = 13, .k = 5},  {.n = 3, .c = 100, .k = 5},
            {.n = 1, .c = 100, .k = 100}, {.n = 3, .c = 1000, .k = 5}};
  }
  static std::vector<Problem> full_problems() { return {{.n = 1024, .c = 1000, .k = 5}}; }
  static Problem one_image(const Problem& problem) { return with_one_image(problem); }

  static TensorList tensors(const Problem& problem, const Filler& fill) {
    TensorList list;
    const std::int64_t selected = std::int64_t{problem.n} * problem.k;
    list.input("src", fill.values("src", std::int64_t{problem.n} * problem.c)).per_image = true;
    list.output("values", selected).per_image = true;
    list.output("indices", selected, Element::i32).per_image = true;
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const Problem&, const Bench& bench) {
    return {.src = bench.read<float>("src"),
            .values = bench.write<float>("values"),
            .indices = bench.write<std::int32_t>("indices")};
  }

  template <class Real>
  static Results<Real> reference(const Problem& problem, const TensorList& tensors) {
    std::vector<Real> values(static_cast<std::size_t>(problem.n * problem.k));
    std::vector<std::int32_t> indices(values.size());
    kernels::top_k_reference<Real>(problem, tensors.values<Real>("src").data(), values.data(),
                                   indices.data());
    return {{"values", values}, {"indices", std::vector<Real>(indices.begin(), indices.end())}};
  }
};

const Registered<TopKCase> kRegistered;

}  // namespace

}  // namespace allconv::suite
