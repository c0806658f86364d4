// Which kernel computes a step on a GPU: what a clock has found fastest, else the first row that
// takes it; where the same bits are asked for, what the model thinks fastest.
#pragma once

#include <vector>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "kernels/core/cuda_kernel.hpp"

namespace allconv {

// All borrowed.
struct KernelChoice {
  const Plan& plan;  // the values of its steps have their sizes
  const kernels::DeviceTypes& types;
  const PlanOptions& options;
  const TuningFile* answers = nullptr;    // of a clock; null: none
  std::vector<TuningKey>& stale_answers;  // gets those whose plan its library refuses
};

// Gives the step its kernel, and what that needs; says why others were passed over.
void choose_kernel(const KernelChoice& choice, Step& step);

// What a step that has its kernel should take, by the model of cost_model.hpp.
double model_seconds(const Plan& plan, const Step& step);

}  // namespace allconv
