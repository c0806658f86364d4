// Plan: the immutable steps of one pass for a fixed number of images: which kernel computes what,
// where in the arena each value lives, and what it all costs in bytes. Made before anything runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/graph/graph.hpp"
#include "engine/support/diagnostics.hpp"
#include "kernels/channel_peak/problem.hpp"
#include "kernels/classifier_head/problem.hpp"
#include "kernels/conv2d/problem.hpp"
#include "kernels/core/cache.hpp"
#include "kernels/core/kernel.hpp"
#include "kernels/core/library_way.hpp"
#include "kernels/core/memory_source.hpp"
#include "kernels/core/precision.hpp"
#include "kernels/dropout/problem.hpp"
#include "kernels/global_average_pool/problem.hpp"
#include "kernels/image_prepare/problem.hpp"
#include "kernels/max_pool/problem.hpp"
#include "kernels/relu/problem.hpp"
#include "kernels/softmax_cross_entropy/problem.hpp"
#include "kernels/unit_signal/problem.hpp"

namespace allconv {

class Trace;
class TuningFile;
class TuningSession;

namespace kernels {
struct GpuLibraries;  // libraries/gpu_libraries.hpp
}  // namespace kernels

// A problem together with the operation that it belongs to.
template <class Operation>
struct Bound {
  typename Operation::Problem problem;
};

using StepProblem =
    std::variant<Bound<kernels::ImagePrepare>, Bound<kernels::Conv2dForward>,
                 Bound<kernels::ReluForward>, Bound<kernels::Dropout>,
                 Bound<kernels::MaxPoolForward>, Bound<kernels::GlobalAveragePoolForward>,
                 Bound<kernels::SoftmaxCrossEntropyForward>,
                 Bound<kernels::SoftmaxCrossEntropyBackward>, Bound<kernels::UnitSignal>,
                 Bound<kernels::GlobalAveragePoolBackward>, Bound<kernels::MaxPoolBackward>,
                 Bound<kernels::ReluBackward>, Bound<kernels::Conv2dWeightGradient>,
                 Bound<kernels::Conv2dDataGradient>, Bound<kernels::Conv2dPixelsForward>,
                 Bound<kernels::ClassifierHead>, Bound<kernels::ChannelPeak>>;

// A kernel that was passed over, and why.
struct Refusal {
  std::string kernel;
  std::string why;
};

// Operands by role as in Operation; ids index Plan::values.
struct Step {
  std::string layer;  // "conv1", "conv1 + relu1"
  StepProblem problem;
  std::string kernel;  // the row's name; empty for work of the executor itself
  std::optional<kernels::LibraryWay> way = {};  // of a library's row
  std::vector<Refusal> refusals;
  int stage = 0;     // steps of one stage are independent of each other
  int ordinal = -1;  // convolutions: index of their parameters; dropouts: counted from 0
  int src = kNoValue, src2 = kNoValue, dst = kNoValue, dst2 = kNoValue;
  std::size_t workspace_bytes = 0;       // scratch of one thread that runs a part of it
  std::size_t packed_weights_bytes = 0;  // in the kernel's own form
  std::size_t packed_offset = 0;         // in the packed weights, or in a gradient lane
  int parts = 1;                         // of one pass; on a GPU its launches
  double flops = 0;                      // for all images of the plan
  double model_seconds = 0;              // on a GPU, by cuda/cost_model.hpp
};

// The values that a step reads and writes, each once.
std::vector<int> operands_of(const Step& step);

// Consecutive steps that run for `images` images at a time, in passes over the plan's images.
struct StepGroup {
  int first_step = 0;
  int last_step = 0;  // one behind
  int images = 1;
};

struct PlanValue {
  std::string name;
  std::size_t image_bytes = 0;
  int channels = 0;        // innermost extent
  bool is_mask = false;    // a bit an element: whether a ReLU's output is above 0; GPUs only
  int images = 1;          // held at a time: the plan's, or of a group that alone uses it
  std::size_t bytes = 0;   // of them, rounded up to the alignment
  std::size_t offset = 0;  // in the arena
  int first_stage = 0;     // written
  int last_stage = 0;      // last read, inclusive
};

// A GPU that a plan is made for.
struct GpuTarget {
  int index = 0;        // among the machine's, where it is to run
  int capability = 80;  // 10 * major + minor
  kernels::Precision precision = kernels::Precision::fp32;
  std::string description = {};  // for libraries: as cuDNN describes it, one JSON object
};

struct PlanOptions {
  // Parameters that affect behaviour.
  std::optional<GpuTarget> gpu = {};  // none: the CPU
  kernels::RowLimits limits = {};
  const TuningFile* tuning = nullptr;  // borrowed while the plan is made
  // On a GPU: the same bits on every run, so no clock and no tuning chooses.
  bool deterministic = false;
  // On a GPU: what executors time first where it is not known yet; none: nothing is timed. Takes
  // the place of `tuning`. Borrowed while executors are made.
  TuningSession* session = nullptr;
  const kernels::GpuLibraries* libraries = nullptr;  // borrowed while the plan is made; may be null
  // Of executors made by these options, which borrow them. Null: nothing is recorded, and memory is
  // the system's and the CUDA runtime's.
  Trace* trace = nullptr;
  kernels::MemorySource* memory = nullptr;
  kernels::MemorySource* device_memory = nullptr;  // of the GPU
  // Parameters that affect speed.
  std::size_t cache_bytes = kernels::cache_sizes().l2;  // of one core
  // Parameters that affect memory.
  std::size_t workspace_limit = SIZE_MAX;  // packed weights + workspace of all threads, bytes
  int threads = 1;                         // for the workspace sum
};

// What a plan of these options computes in.
constexpr kernels::Precision precision_of(const PlanOptions& options) {
  return options.gpu ? options.gpu->precision : options.limits.precision;
}

struct Plan {
  Graph graph;
  std::optional<GpuTarget> gpu = {};  // what it is for; none: the CPU
  int launches = 0;                   // of kernels on a GPU, a run
  std::string model_gpu = {};         // whose data sheet the model takes
  kernels::RowLimits limits = {};
  int images = 1;  // computed together: a micro-batch
  std::vector<Step> steps;
  std::vector<StepGroup> groups;  // of all steps, in order
  std::vector<PlanValue> values;
  int stages = 0;
  int input = kNoValue, logits = kNoValue, probabilities = kNoValue, input_gradient = kNoValue;
  int loss = kNoValue;
  int unit = kNoValue, peaks = kNoValue, peak_positions = kNoValue;

  std::size_t weights_bytes = 0;         // parameters as in the file
  std::size_t packed_weights_bytes = 0;  // forward and data gradient forms
  std::size_t gradient_lane_bytes = 0;   // training: one of up to 8 accumulators
  std::size_t arena_bytes = 0;           // a worker
  std::size_t workspace_bytes = 0;       // a thread
  std::size_t unshared_bytes = 0;        // the arena if no two values shared memory
  std::size_t bound_bytes = 0;           // largest set of values alive at once: no arena is smaller
};

// Images computed together for a batch of `batch_size`. In training a function of the batch size
// alone, since gradients are summed by micro-batches.
int micro_batch_size(PassMode mode, int batch_size, int threads);

// Fuses, chooses kernels, places values. Throws Error{usage} when the workspace limit cannot be
// met.
Plan make_plan(const Graph& graph, int images, const PlanOptions& options);

// The same for batches of `batch_size` images: micro_batch_size() of them together, by
// options.threads.
std::shared_ptr<const Plan> make_batch_plan(const Graph& graph, int batch_size,
                                            const PlanOptions& options);

// The table that `allconv plan` prints. Text ends with a newline.
std::string to_text(const Plan& plan, int workers);

}  // namespace allconv
