#include "engine/plan/cuda/kernel_choice.hpp"

#include <optional>
#include <utility>

#include "engine/plan/cuda/candidates.hpp"
#include "engine/plan/cuda/cost_model.hpp"
#include "engine/plan/tuning_key.hpp"
#include "engine/support/error.hpp"

namespace allconv {

namespace {

// Of equals the earlier row.
template <class Operation>
std::optional<CudaCandidate<Operation>> fastest_by_model(
    const Plan& plan, const Step& step, std::vector<CudaCandidate<Operation>> candidates) {
  std::optional<CudaCandidate<Operation>> fastest;
  double least = 0;
  for (auto& candidate : candidates) {
    Step trial = step;
    take_candidate(trial, candidate);
    const double seconds = model_seconds(plan, trial);
    if (fastest && seconds >= least) continue;
    least = seconds;
    fastest = std::move(candidate);
  }
  return fastest;
}

template <class Operation>
std::optional<CudaCandidate<Operation>> fastest_by_clock(const KernelChoice& choice,
                                                         const Step& step,
                                                         CudaCandidates<Operation>& candidates) {
  if (choice.answers == nullptr) return std::nullopt;
  const TuningEntry* entry = choice.answers->find(tuning_key(choice.plan, step));
  if (entry == nullptr) return std::nullopt;
  auto fastest = candidates.fastest(*entry);
  if (candidates.has_stale_plan()) choice.stale_answers.push_back(entry->key());
  return fastest;
}

}  // namespace

void choose_kernel(const KernelChoice& choice, Step& step) {
  std::visit(
      [&]<class Operation>(const Bound<Operation>& bound) {
        CudaCandidates<Operation> candidates({bound.problem, choice.types},
                                             has_mask(choice.plan, step), choice.options);
        auto chosen = choice.options.deterministic
                          ? fastest_by_model(choice.plan, step, candidates.own())
                          : fastest_by_clock(choice, step, candidates);
        if (!chosen) chosen = candidates.first();
        if (!chosen) throw Error(ErrorKind::internal, "no CUDA kernel takes the step", step.layer);
        take_candidate(step, *chosen);
        step.refusals = candidates.refusals();
      },
      step.problem);
}

// A step reads and writes each of its values once, and its weights.
double model_seconds(const Plan& plan, const Step& step) {
  const GpuTarget& gpu = *plan.gpu;
  std::size_t bytes = step.packed_weights_bytes + 2 * step.workspace_bytes;
  for (const int value : operands_of(step)) {
    bytes += plan.values[static_cast<std::size_t>(value)].bytes;
  }
  return predicted_seconds(roofline_of(gpu.capability),
                           {.flops = step.flops,
                            .bytes = static_cast<double>(bytes),
                            .tensor_cores = step.kernel.find("_sm80") != std::string::npos,
                            .precision = gpu.precision,
                            .launches = step.parts});
}

}  // namespace allconv
