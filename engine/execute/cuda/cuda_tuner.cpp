#include "engine/execute/cuda/cuda_tuner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/execute/cuda/tuning_trial.hpp"
#include "engine/plan/cuda/candidates.hpp"
#include "engine/plan/tuning_key.hpp"
#include "engine/plan/tuning_session.hpp"
#include "engine/runtime/cuda/nvml.hpp"

namespace allconv {

namespace {

// To a tenth of a microsecond: what a file should say.
double milliseconds_of(double seconds) {
  constexpr double kSteps = 1e4;  // a millisecond
  return std::round(seconds * 1e3 * kSteps) / kSteps;
}

class CudaTuner {
 public:
  CudaTuner(const PlanOptions& options, const kernels::LibraryHandles* handles)
      : options_(options),
        session_(*options.session),
        monitor_(cuda::pci_bus_id(options.gpu->index)),
        stream_(cuda::make_stream()),
        machine_{
            .stream = stream_.get(), .libraries = handles, .before_timing = [this] { report(); }} {}

  bool tune(const CudaPlan& plan, const std::vector<const Step*>& unknown) {
    total_ = unknown.size();
    for (const Step* step : unknown) {
      std::visit(
          [&]<class Operation>(const Bound<Operation>& bound) {
            if constexpr (kIsConvolution<Operation>) {
              tune<Operation>({bound.problem, plan.types}, tuning_key(plan.plan, *step));
            }
          },
          step->problem);
      ++done_;
    }
    return finish();
  }

  bool tune(const kernels::DeviceProblem<kernels::Conv2dForward>& problem, const TuningKey& key) {
    total_ = 1;
    tune<kernels::Conv2dForward>(problem, key);
    return finish();
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool finish() {
    const bool kept = session_.keep();
    if (timed_ + untimed_ > 0) say_what_was_done(kept);
    return timed_ > 0;
  }

  template <class Operation>
  void tune(const kernels::DeviceProblem<Operation>& problem, const TuningKey& key) {
    CudaCandidates<Operation> asked(problem, key.mask, options_);
    std::vector<CudaCandidate<Operation>> candidates = asked.own();
    // To look for a library's ways takes time too.
    if (share_of_budget() <= 0) {
      untimed_ += candidates.size() > 1 || options_.libraries != nullptr;
      return;
    }
    auto ways = asked.of_libraries();
    std::move(ways.begin(), ways.end(), std::back_inserter(candidates));
    if (candidates.size() < 2) return;
    const auto pick = pick_from<Operation>(key, problem, candidates);
    if (!pick) {
      ++untimed_;
      return;
    }
    ++timed_;
    keep(key, candidates, *pick);
  }

  // None where too little could be timed to say anything.
  template <class Operation>
  std::optional<Pick> pick_from(const TuningKey& key,
                                const kernels::DeviceProblem<Operation>& problem,
                                const std::vector<CudaCandidate<Operation>>& candidates) {
    const std::optional<TrialTensors> tensors =
        tensors_of(problem.problem, problem.types.map, key.mask);
    if (!tensors) return std::nullopt;
    TuningTrial<Operation> trial(candidates, *tensors, machine_);
    Pick pick = pick_fastest(candidates.size(), trial, {.budget = share_of_budget()});
    for (const std::string& why : pick.failed) note("left out: " + why);
    const bool all_timed = pick.times.size() + pick.failed.size() == candidates.size();
    if (!all_timed && pick.times.size() < 2) return std::nullopt;
    return pick;
  }

  // None where the memory does not do: the network itself may share more of it among its steps.
  std::optional<TrialTensors> tensors_of(const kernels::Conv2dProblem& problem,
                                         kernels::Precision precision, bool mask) const {
    try {
      return std::optional<TrialTensors>(std::in_place, problem, precision, mask, stream_.get());
    } catch (const Error& error) {
      if (cudaStreamSynchronize(stream_.get()) != cudaSuccess) throw;
      note(std::string("not timed: ") + error.what());
      return std::nullopt;
    }
  }

  template <class Operation>
  void keep(const TuningKey& key, const std::vector<CudaCandidate<Operation>>& candidates,
            const Pick& pick) {
    TuningEntry entry = entry_for(key, {});
    entry.clock_mhz = static_cast<double>(monitor_.read().sm_mhz.value_or(0));
    for (const PickedTime& time : pick.times) {
      const auto& candidate = candidates[time.candidate];
      TuningCandidate timed{.kernel = std::string(candidate.row),
                            .milliseconds = milliseconds_of(time.seconds)};
      if (candidate.way) {
        timed.way = candidate.way->label;
        timed.workspace_bytes = candidate.way->workspace_bytes;
        timed.plan = candidate.way->plan;
      }
      entry.candidates.push_back(std::move(timed));
    }
    session_.add(std::move(entry));
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  // What is left of the budget, in equal parts: what one problem does not use, others get.
  double share_of_budget() const {
    const double left = std::max(session_.settings().budget_seconds - seconds(), 0.0);
    return left / static_cast<double>(total_ - done_);
  }

  void report() const {
    const auto& progress = session_.settings().progress;
    if (progress) progress(done_, total_);
  }

  void note(const std::string& text) const {
    if (session_.settings().diagnostics) session_.settings().diagnostics(Severity::note, text);
  }

  void say_what_was_done(bool kept) const {
    std::string text = fmt::format("timed the kernels of {} convolution{} in {:.1f} s", timed_,
                                   timed_ == 1 ? "" : "s", seconds());
    if (kept) text += fmt::format(", kept in {}", session_.settings().path);
    if (untimed_ > 0) {
      text += fmt::format("; {} more were not timed within {} s: raise --tuning-budget", untimed_,
                          session_.settings().budget_seconds);
    }
    note(text);
  }

  const PlanOptions& options_;
  TuningSession& session_;
  cuda::GpuMonitor monitor_;
  cuda::Stream stream_;
  TrialMachine machine_;
  Clock::time_point start_ = Clock::now();
  std::size_t total_ = 0, done_ = 0;     // problems
  std::size_t timed_ = 0, untimed_ = 0;  // of those done, with several candidates
};

}  // namespace

std::vector<const Step*> unknown_steps(const CudaPlan& plan, const PlanOptions& options) {
  std::vector<const Step*> unknown;
  std::set<TuningKey> seen;
  for (const Step& step : plan.plan.steps) {
    TuningKey key = tuning_key(plan.plan, step);
    const bool has_choice = std::visit(
        [&]<class Operation>(const Bound<Operation>& bound) {
          if constexpr (!kIsConvolution<Operation>) return false;
          return CudaCandidates<Operation>({bound.problem, plan.types}, key.mask, options)
              .has_choice();
        },
        step.problem);
    if (!has_choice || options.session->known().find(key) != nullptr) continue;
    if (seen.insert(std::move(key)).second) unknown.push_back(&step);
  }
  return unknown;
}

bool tune_unknown(const CudaPlan& plan, const PlanOptions& options,
                  const kernels::LibraryHandles* handles) {
  const std::vector<const Step*> unknown = unknown_steps(plan, options);
  return !unknown.empty() && CudaTuner(options, handles).tune(plan, unknown);
}

bool tune_unknown(const kernels::DeviceProblem<kernels::Conv2dForward>& problem,
                  const TuningKey& key, const PlanOptions& options,
                  const kernels::LibraryHandles* handles) {
  if (options.session->known().find(key) != nullptr) return false;
  return CudaTuner(options, handles).tune(problem, key);
}

}  // namespace allconv
