// classifier_head: 1x1 convolution, ReLU, global average and softmax in one.
#include "kernels/classifier_head/reference.hpp"
#include "tests/operations/suite/case.hpp"

namespace allconv::suite {

namespace {

using kernels::ClassifierHeadProblem;

struct ClassifierHeadCase {
  using Operation = kernels::ClassifierHead;
  static constexpr std::string_view kName = Operation::kName;

  static std::vector<ClassifierHeadProblem> quick_problems() {
    constexpr float kPaperSlope = 0.333F;
    return {{.n = 3, .h = 6, .w = 6, .c = 192, .k = 10, .slope = 0},
            {.n = 3, .h = 6, .w = 6, .c = 192, .k = 10},  // no ReLU
            {.n = 1, .h = 1, .w = 1, .c = 1, .k = 1},
            {.n = 2, .h = 5, .w = 3, .c = 13, .k = 100, .slope = kPaperSlope},
            {.n = 1, .h = 8, .w = 8, .c = 33, .k = 3, .slope = 0}};
  }
  static std::vector<ClassifierHeadProblem> full_problems() {
    return {{.n = 2, .h = 6, .w = 6, .c = 1024, .k = 1000, .slope = 0}};
  }
  static ClassifierHeadProblem one_image(const ClassifierHeadProblem& problem) {
    return with_one_image(problem);
  }

  static TensorList tensors(const ClassifierHeadProblem& problem, const Filler& fill) {
    TensorList list;
    list.input("src", fill.values("src", problem.src_size())).stored_as(Storage::map).per_image =
        true;
    list.input("weights", fill.values("weights", std::int64_t{problem.k} * problem.c));
    list.input("bias", fill.values("bias", problem.k));
    list.output("logits", problem.dst_size()).per_image = true;
    Tensor& probabilities = list.output("probabilities", problem.dst_size());
    probabilities.per_image = true;
    probabilities.may_be_zero = true;  // exp of a large difference
    return list;
  }

  template <class Arguments>
  static Arguments arguments(const ClassifierHeadProblem&, const Bench& bench) {
    return {.src = bench.read<float>("src"),
            .weights = bench.read<float>("weights"),
            .bias = bench.read<float>("bias"),
            .logits = bench.write<float>("logits"),
            .probabilities = bench.write<float>("probabilities")};
  }

  template <class Real>
  static Results<Real> reference(const ClassifierHeadProblem& problem, const TensorList& tensors) {
    Results<Real> results = {{"logits", {}}, {"probabilities", {}}};
    for (auto& [name, values] : results)
      values.resize(static_cast<std::size_t>(problem.dst_size()));
    kernels::classifier_head_reference<Real>(problem,
                                             {.src = tensors.values<Real>("src").data(),
                                              .weights = tensors.values<Real>("weights").data(),
                                              .bias = tensors.values<Real>("bias").data(),
                                              .logits = results["logits"].data(),
                                              .probabilities = results["probabilities"].data()});
    return results;
  }

  // Of a logit the mean of the sums of absolute products. A probability moves with the logits: by
  // as much as they do, in units of itself.
  static Results<double> magnitudes(ClassifierHeadProblem problem, const TensorList& tensors) {
    const Results<double> results = reference<double>(problem, tensors);
    problem.slope = 1;
    Results<double> sums = {{"logits", results.at("logits")},
                            {"probabilities", results.at("probabilities")}};
    kernels::classifier_head_reference<double>(
        problem, {.src = absolute(tensors.values<double>("src")).data(),
                  .weights = absolute(tensors.values<double>("weights")).data(),
                  .bias = absolute(tensors.values<double>("bias")).data(),
                  .logits = sums["logits"].data(),
                  .probabilities = sums["probabilities"].data()});
    for (std::size_t i = 0; i < sums["logits"].size(); ++i) {
      sums["probabilities"][i] = (1 + sums["logits"][i]) * results.at("probabilities")[i];
    }
    return sums;
  }
};

const Registered<ClassifierHeadCase> kRegistered;

}  // namespace

}  // namespace allconv::suite
