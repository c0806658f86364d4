// PlanBuilder: what the plans of all devices have in common: steps in stages, and values with their
// lifetimes, out of a graph's fused operations. The planners of a device derive from it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/plan/fusion.hpp"
#include "engine/plan/memory_plan.hpp"
#include "engine/plan/plan.hpp"

namespace allconv {

class PlanBuilder {
 public:
  // The graph must outlive the builder.
  PlanBuilder(const Graph& graph, int images);
  virtual ~PlanBuilder() = default;

 protected:
  // All operations as steps without kernels, and the values that the graph names.
  void add_steps();

  int add_value(std::string name, std::size_t bytes_an_image, int channels, int stage);
  int plan_value(ValueId id) const { return plan_value_of_[static_cast<std::size_t>(home(id))]; }
  // The plan's value of a result, which then lives to the end; none where the graph has none.
  int keep_to_end(ValueId id);
  void keep_value_to_end(int value);

  // Offsets of all values by their lifetimes, in stages.
  void place_values(const std::vector<Lifetime>& lifetimes);

  // Bytes of one element of a value.
  virtual std::size_t element_bytes(ValueId id) const;

  const Graph& graph_;
  FusedGraph fused_;
  Plan plan_;

 private:
  void add_step(const FusedOperation& fused);
  int next_stage(const Operation& operation);
  ValueId home(ValueId id) const { return fused_.home[static_cast<std::size_t>(id)]; }
  int read(ValueId id, int stage);
  int written(ValueId id, int stage);

  std::vector<int> plan_value_of_;  // by home value
  OperationKind previous_kind_ = OperationKind::input;
};

}  // namespace allconv
