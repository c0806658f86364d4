#include "kernels/libraries/cudnn_plan.hpp"

#include <algorithm>

#include "kernels/libraries/gpu_libraries.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv::kernels {

using namespace cudnn_abi;

namespace {

CudnnDescriptor device_properties(const Cudnn& cudnn, std::string_view json) {
  CudnnDescriptor device(cudnn, kDeviceProperties);
  device.set_text(kDeviceJson, json);
  device.finalize();
  return device;
}

CudnnDescriptor plan_of_text(const Cudnn& cudnn, std::string_view device, std::string_view text) {
  const CudnnDescriptor properties = device_properties(cudnn, device);
  CudnnDescriptor plan(cudnn, kExecutionPlan);
  plan.refer(kPlanDevice, properties);
  plan.set_text(kPlanJson, text);
  plan.finalize();
  return plan;
}

bool contains(const std::vector<NumericalNote>& notes, NumericalNote note) {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

// Whether an engine of these notes computes what is asked for.
bool is_wanted(const std::vector<NumericalNote>& notes, Precision precision,
               const WayRequest& request) {
  if (contains(notes, kReducedPrecisionReduction)) return false;
  if (request.deterministic && contains(notes, kNondeterministic)) return false;
  if (request.exact && (contains(notes, kWinograd) || contains(notes, kFft))) return false;
  if (precision != Precision::fp32) return true;
  return !contains(notes, kTensorCore) && !contains(notes, kDownConvertInputs);
}

CudnnDescriptor engine_of(const Cudnn& cudnn, const CudnnDescriptor& config) {
  std::vector<CudnnDescriptor> engine;
  engine.emplace_back(cudnn, kEngine);
  config.read_into(kEngineConfigEngine, engine);
  return std::move(engine.front());
}

// The heuristics' configurations, best first.
std::vector<CudnnDescriptor> configurations(const Cudnn& cudnn, const CudnnDescriptor& graph,
                                            const CudnnDescriptor& device, HeuristicsKind kind) {
  CudnnDescriptor heuristics(cudnn, kEngineHeuristics);
  heuristics.refer(kHeuristicsOperationGraph, graph);
  heuristics.set(kHeuristicsMode, kind);
  heuristics.refer(kHeuristicsDevice, device);
  heuristics.finalize();
  const std::size_t count = heuristics.count(kHeuristicsResults, kTypeDescriptor);
  std::vector<CudnnDescriptor> found;
  for (std::size_t i = 0; i < count; ++i) found.emplace_back(cudnn, kEngineConfig);
  const std::size_t filled = heuristics.read_into(kHeuristicsResults, found);
  while (found.size() > filled) found.pop_back();
  return found;
}

class WaySearch {
 public:
  WaySearch(const Cudnn& cudnn, const CudnnDescriptor& graph, Precision precision,
            const WayRequest& request)
      : cudnn_(cudnn),
        graph_(graph),
        precision_(precision),
        request_(request),
        device_(device_properties(cudnn, request.device)) {}

  std::vector<LibraryWay> find(HeuristicsKind kind) const {
    std::vector<LibraryWay> ways;
    for (const CudnnDescriptor& config : configurations_of(kind)) {
      if (ways.size() == request_.most) break;
      // What an engine refuses shows here; the next one may take the problem.
      try {
        try_configuration(config, ways);
      } catch (const LibraryError&) {
        continue;
      }
    }
    return ways;
  }

 private:
  // None where these heuristics do not know the graph.
  std::vector<CudnnDescriptor> configurations_of(HeuristicsKind kind) const {
    try {
      return configurations(cudnn_, graph_, device_, kind);
    } catch (const LibraryError&) {
      return {};
    }
  }

  void try_configuration(const CudnnDescriptor& config, std::vector<LibraryWay>& ways) const {
    constexpr std::size_t kMostNotes = 16;
    const CudnnDescriptor engine = engine_of(cudnn_, config);
    const auto notes = engine.values<NumericalNote>(kEngineNumericalNotes, kMostNotes);
    if (!is_wanted(notes, precision_, request_)) return;
    CudnnDescriptor plan(cudnn_, kExecutionPlan);
    plan.refer(kPlanEngineConfig, config);
    plan.refer(kPlanDevice, device_);
    plan.finalize();
    const auto workspace = static_cast<std::size_t>(plan.value<std::int64_t>(kPlanWorkspaceSize));
    if (workspace > request_.workspace_limit) return;
    ways.push_back({.label = label(engine, notes) + ", choice " + std::to_string(ways.size() + 1),
                    .plan = plan.text(kPlanJson),
                    .workspace_bytes = workspace});
  }

  static std::string label(const CudnnDescriptor& engine, const std::vector<NumericalNote>& notes) {
    std::string text = "engine " + std::to_string(engine.value<std::int64_t>(kEngineGlobalIndex));
    if (contains(notes, kWinograd)) text += ", winograd";
    if (contains(notes, kFft)) text += ", fft";
    if (contains(notes, kNondeterministic)) text += ", nondeterministic";
    return text;
  }

  const Cudnn& cudnn_;
  const CudnnDescriptor& graph_;
  Precision precision_;
  const WayRequest& request_;
  CudnnDescriptor device_;
};

}  // namespace

CudnnPlan::CudnnPlan(std::shared_ptr<const Cudnn> cudnn, std::string_view device,
                     std::string_view plan)
    : cudnn_(std::move(cudnn)),
      plan_(plan_of_text(*cudnn_, device, plan)),
      workspace_bytes_(static_cast<std::size_t>(plan_.value<std::int64_t>(kPlanWorkspaceSize))) {}

void CudnnPlan::run(const CudaContext& context, std::span<const CudnnOperand> operands) const {
  std::vector<std::int64_t> ids;
  std::vector<void*> pointers;
  for (const CudnnOperand& operand : operands) {
    ids.push_back(operand.id);
    pointers.push_back(const_cast<void*>(operand.data));
  }
  CudnnDescriptor pack(*cudnn_, kVariantPack);
  pack.set_all<std::int64_t>(kPackUniqueIds, ids);
  pack.set_all<void*>(kPackDataPointers, pointers);
  pack.set(kPackWorkspace, static_cast<void*>(context.scratch));
  pack.finalize();
  const auto handle = static_cast<Handle>(context.libraries->cudnn());
  cudnn_->check(cudnn_->functions().set_stream(handle, context.stream), "setting a stream");
  cudnn_->check(cudnn_->functions().execute(handle, plan_.get(), pack.get()), "running a plan");
}

std::vector<LibraryWay> find_cudnn_ways(const Cudnn& cudnn, const CudnnDescriptor& graph,
                                        Precision precision, const WayRequest& request) {
  const WaySearch search(cudnn, graph, precision, request);
  std::vector<LibraryWay> ways = search.find(kModeA);
  return ways.empty() ? search.find(kFallback) : ways;
}

}  // namespace allconv::kernels
