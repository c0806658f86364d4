// CudaCandidates: what may compute one step on a GPU: rows of our own, and the ways of libraries'
// rows. The planner takes one of them, the tuner times them all.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/plan/cuda/tables.hpp"
#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "kernels/core/device_alignment.hpp"
#include "kernels/core/library_kernel.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv {

// Operations that a library has kernels for.
template <class Operation>
concept HasLibraryKernels = requires {
  library_kernel_table(Operation{});
};

// A kernel made for a step.
template <class Operation>
struct CudaCandidate {
  std::string_view row;
  std::optional<kernels::LibraryWay> way;  // of a library's row
  std::shared_ptr<const kernels::CudaPreparedKernel<Operation>> kernel;
};

// Gives the step the candidate's kernel, and what that needs.
template <class Operation>
void take_candidate(Step& step, const CudaCandidate<Operation>& candidate) {
  step.kernel = candidate.row;
  step.way = candidate.way;
  step.workspace_bytes = kernels::device_aligned(candidate.kernel->workspace_bytes());
  step.packed_weights_bytes = kernels::device_aligned(candidate.kernel->packed_weights_bytes());
  step.parts = candidate.kernel->launches();
  step.flops = std::get<Bound<Operation>>(step.problem).problem.flops();
}

template <class Operation>
class CudaCandidates {
 public:
  using Problem = kernels::DeviceProblem<Operation>;
  using Candidate = CudaCandidate<Operation>;

  // `mask`: the step writes or reads one. The options must outlive the object.
  CudaCandidates(const Problem& problem, bool mask, const PlanOptions& options)
      : problem_(problem), mask_(mask), options_(options) {}

  // The first row of our own that takes the step, whatever memory it needs.
  std::optional<Candidate> first() {
    for (const auto& row : cuda_kernel_table(Operation{})) {
      if (accepts(row)) return Candidate{row.name, {}, row.prepare(problem_)};
    }
    return std::nullopt;
  }

  // The fastest of the entry's that can still be used.
  std::optional<Candidate> fastest(const TuningEntry& entry) {
    for (const TuningCandidate& timed : entry.candidates) {
      auto candidate = timed.plan.empty() ? own(timed.kernel) : library(timed);
      if (candidate && fits(*candidate)) return candidate;
    }
    return std::nullopt;
  }

  // Whether several kernels may take the step: no library is asked.
  bool has_choice() const {
    std::size_t count = 0;
    for (const auto& row : cuda_kernel_table(Operation{}))
      count += row.accepts(problem_).accepted();
    if constexpr (HasLibraryKernels<Operation>) {
      if (options_.libraries == nullptr || mask_) return count > 1;
      for (const auto* row : library_kernel_table(Operation{})) {
        count += row->accepts(problem_).accepted();
      }
    }
    return count > 1;
  }

  // All rows of our own that take the step and fit, in order.
  std::vector<Candidate> own() {
    std::vector<Candidate> all;
    for (const auto& row : cuda_kernel_table(Operation{})) {
      if (!accepts(row)) continue;
      Candidate candidate{row.name, {}, row.prepare(problem_)};
      if (fits(candidate)) all.push_back(std::move(candidate));
    }
    return all;
  }

  // The ways of all libraries, each library's own first choice first.
  std::vector<Candidate> of_libraries() {
    std::vector<Candidate> all;
    if constexpr (HasLibraryKernels<Operation>) {
      for (const auto* row : library_kernel_table(Operation{})) {
        for (const kernels::LibraryWay& way : ways(*row)) {
          auto candidate = prepare(*row, way);
          if (candidate && fits(*candidate)) all.push_back(std::move(*candidate));
        }
      }
    }
    return all;
  }

  // Why others were passed over, in the order in which they were asked.
  const std::vector<Refusal>& refusals() const { return refusals_; }

  // Whether a library refused a plan that it, or another, had written.
  bool has_stale_plan() const { return stale_; }

 private:
  bool refuse(std::string_view row, std::string why) {
    refusals_.push_back({std::string(row), std::move(why)});
    return false;
  }

  bool accepts(const kernels::CudaKernel<Operation>& row) {
    const int capability = options_.gpu->capability;
    if (row.least_capability > capability) {
      return refuse(row.name, "needs sm_" + std::to_string(row.least_capability) +
                                  ", but the GPU is sm_" + std::to_string(capability));
    }
    if (options_.deterministic && !row.deterministic) {
      return refuse(row.name, "two of its runs differ, and the same bits are asked for");
    }
    const kernels::Verdict verdict = row.accepts(problem_);
    return verdict.accepted() || refuse(row.name, verdict.why_not);
  }

  std::optional<Candidate> own(std::string_view name) {
    const auto* row = kernels::find_cuda_kernel<Operation>(name);
    if (row == nullptr) {
      refuse(name, "the tuning file names it, but there is no such kernel");
      return std::nullopt;
    }
    if (!accepts(*row)) return std::nullopt;
    return Candidate{row->name, {}, row->prepare(problem_)};
  }

  bool fits(const Candidate& candidate) {
    const std::size_t bytes =
        candidate.kernel->workspace_bytes() + candidate.kernel->packed_weights_bytes();
    return bytes <= options_.workspace_limit ||
           refuse(candidate.row, "needs " + std::to_string(bytes) +
                                     " bytes for packed weights and workspace: raise "
                                     "--workspace-limit");
  }

  std::optional<Candidate> library(const TuningCandidate& timed) {
    if constexpr (HasLibraryKernels<Operation>) {
      const auto* row = kernels::find_library_kernel<Operation>(timed.kernel);
      const kernels::LibraryWay way{timed.way, timed.plan, timed.workspace_bytes};
      if (row != nullptr && accepts(*row)) {
        const std::size_t before = refusals_.size();
        auto candidate = prepare(*row, way);
        stale_ = stale_ || refusals_.size() > before;
        return candidate;
      }
      if (row != nullptr) return std::nullopt;
    }
    refuse(timed.kernel, "the tuning file names it, but there is no such kernel");
    return std::nullopt;
  }

  kernels::WayRequest request() const {
    // A way that wants more would seldom be left room for by a network's own tensors.
    constexpr std::size_t kMostWorkspace = std::size_t{1} << 30;
    return {.libraries = options_.libraries,
            .device = options_.gpu->description,
            .workspace_limit = std::min(kMostWorkspace, options_.workspace_limit),
            .deterministic = true,  // for given answers runs have the same bits
            .exact = options_.limits.exact};
  }

  bool accepts(const kernels::LibraryKernel<Operation>& row) {
    if (options_.libraries == nullptr) return refuse(row.name, "no library is used");
    if (mask_) return refuse(row.name, "it writes and reads no masks of signs");
    const kernels::Verdict verdict = row.accepts(problem_);
    return verdict.accepted() || refuse(row.name, verdict.why_not);
  }

  std::vector<kernels::LibraryWay> ways(const kernels::LibraryKernel<Operation>& row) {
    if (!accepts(row)) return {};
    try {
      return row.ways(problem_, request());
    } catch (const kernels::LibraryError& error) {
      refuse(row.name, error.what());
      return {};
    }
  }

  std::optional<Candidate> prepare(const kernels::LibraryKernel<Operation>& row,
                                   const kernels::LibraryWay& way) {
    try {
      return Candidate{row.name, way, row.prepare(problem_, request(), way)};
    } catch (const kernels::LibraryError& error) {
      refuse(row.name, error.what());
      return std::nullopt;
    }
  }

  const Problem problem_;
  const bool mask_;
  const PlanOptions& options_;
  std::vector<Refusal> refusals_;
  bool stale_ = false;
};

}  // namespace allconv
