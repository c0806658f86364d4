#include "engine/execute/cuda/plan_maker.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/execute/cuda/cuda_tuner.hpp"
#include "engine/plan/tuning_session.hpp"

namespace allconv {

namespace {

bool uses_libraries(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [](const Step& step) { return step.way.has_value(); });
}

class PlanMaker {
 public:
  PlanMaker(const Graph& graph, int images, BatchInput input, const PlanOptions& options)
      : graph_(graph), images_(images), input_(input), options_(options) {
    if (options_.deterministic) options_.session = nullptr;
  }

  ReadyPlan make() {
    plan();
    start_libraries();
    if (options_.session != nullptr) tune();
    if (!uses_libraries(plan_->plan)) handles_ = nullptr;
    return {.plan = std::move(plan_),
            .handles = std::move(handles_),
            .memory = options_.device_memory};
  }

 private:
  void plan() { plan_ = make_unready_plan(graph_, images_, input_, options_); }

  void tell(Severity severity, const std::string& text) const {
    if (options_.session == nullptr) return;
    const Diagnostics& diagnostics = options_.session->settings().diagnostics;
    if (diagnostics) diagnostics(severity, text);
  }

  // Where the plan or the tuner needs them: it takes a good part of a second.
  void start_libraries() {
    const kernels::GpuLibraries* const found = options_.libraries;
    if (found == nullptr || (found->cudnn == nullptr && found->cublaslt == nullptr)) return;
    const bool tunes = options_.session != nullptr &&
                       (!plan_->stale_answers.empty() || !unknown_steps(*plan_, options_).empty());
    if (!tunes && !uses_libraries(plan_->plan)) return;
    started_ = *found;
    handles_ = std::make_shared<const kernels::LibraryHandles>(started_);
    options_.libraries = &started_;
    all_started_ = started_.notes.size() == found->notes.size();
    if (all_started_) return;
    for (std::size_t i = found->notes.size(); i < started_.notes.size(); ++i) {
      tell(Severity::note, started_.notes[i]);
    }
    plan();
  }

  void tune() {
    TuningSession& session = *options_.session;
    // A library that does not start today is no reason to forget what it is good for.
    const bool forgets = all_started_ && !plan_->stale_answers.empty();
    if (forgets) {
      for (const TuningKey& key : plan_->stale_answers) session.forget(key);
      tell(Severity::warning, "a library refuses what the tuning file says of " +
                                  std::to_string(plan_->stale_answers.size()) +
                                  " convolutions; they are timed anew");
    }
    const bool learned = tune_unknown(*plan_, options_, handles_.get());
    if (forgets || learned) plan();
  }

  const Graph& graph_;
  int images_;
  BatchInput input_;
  PlanOptions options_;
  kernels::GpuLibraries started_;
  bool all_started_ = true;
  std::shared_ptr<const CudaPlan> plan_;
  std::shared_ptr<const kernels::LibraryHandles> handles_;
};

}  // namespace

std::shared_ptr<const CudaPlan> make_unready_plan(const Graph& graph, int images, BatchInput input,
                                                  const PlanOptions& options) {
  const bool pixels = input == BatchInput::pixels;
  return make_cuda_plan(graph, images, pixels ? DeviceInput::pixels : DeviceInput::prepared,
                        options);
}

ReadyPlan make_ready_plan(const Graph& graph, int images, BatchInput input,
                          const PlanOptions& options) {
  return PlanMaker(graph, images, input, options).make();
}

}  // namespace allconv
