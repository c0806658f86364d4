// Choice of kernels: the first row of the table that accepts, or the tuning file's.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/plan/plan.hpp"
#include "engine/plan/tuning_file.hpp"
#include "kernels/core/kernel.hpp"
#include "kernels/core/problem_text.hpp"

namespace allconv {

// Operations that have a kernel table; the others are work of the executor itself.
template <class Operation>
concept HasKernels = requires {
  kernel_table(Operation{});
};

// The problem of one image, as text: what a choice may depend on.
template <class Problem>
std::string batch_free_text(Problem problem) {
  if constexpr (requires { problem.n; }) problem.n = 1;
  return kernels::to_text(problem);
}

template <class Operation>
struct Choice {
  std::size_t row = 0;
  const kernels::Kernel<Operation>* kernel = nullptr;  // never null: the reference accepts
  std::vector<Refusal> refusals;                       // of the rows before it
};

// The first row at or after `first_row` that runs here and accepts the problem; a tuning file's
// choice goes before the table's order where it still accepts.
template <class Operation>
Choice<Operation> choose_kernel(const typename Operation::Problem& problem,
                                const PlanOptions& options, std::size_t first_row = 0) {
  const auto rows = kernel_table(Operation{});
  const auto verdict = [&](const kernels::Kernel<Operation>& row) {
    return kernels::admits(row, problem, options.limits);
  };
  if (options.tuning != nullptr && first_row == 0) {
    const auto name = options.tuning->fastest(Operation::kName, batch_free_text(problem));
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const auto& candidate) { return candidate.name == name; });
    if (row != rows.end() && verdict(*row).accepted()) {
      return {static_cast<std::size_t>(row - rows.begin()), &*row, {}};
    }
  }
  Choice<Operation> choice{
      .row = std::min(first_row, rows.size() - 1), .kernel = &rows.back(), .refusals = {}};
  for (; choice.row + 1 < rows.size(); ++choice.row) {
    const auto answer = verdict(rows[choice.row]);
    if (answer.accepted()) break;
    choice.refusals.push_back({std::string(rows[choice.row].name), answer.why_not});
  }
  choice.kernel = &rows[choice.row];
  return choice;
}

// The row of that name. Null when the table has none.
template <class Operation>
const kernels::Kernel<Operation>* find_kernel(std::string_view name) {
  for (const auto& row : kernel_table(Operation{})) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace allconv
