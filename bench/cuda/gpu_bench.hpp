// GpuBench: one problem on every row of an operation's table for GPUs, and on every way of its
// libraries' rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/cuda/device_data.hpp"
#include "bench/row_measures.hpp"
#include "engine/plan/cuda/candidates.hpp"
#include "engine/plan/cuda/cost_model.hpp"
#include "engine/runtime/cuda/event_timer.hpp"
#include "engine/runtime/cuda/nvml.hpp"
#include "engine/runtime/gpu.hpp"
#include "engine/support/error.hpp"
#include "kernels/core/library_kernel.hpp"
#include "kernels/core/problem_text.hpp"
#include "kernels/libraries/library_error.hpp"

namespace allconv {

// What rows of a library need. Borrowed.
struct LibraryAccess {
  const kernels::GpuLibraries* libraries = nullptr;  // null: none is loaded
  const kernels::LibraryHandles* handles = nullptr;
  std::string device;              // as kernels::WayRequest has it
  std::vector<std::string> notes;  // of what is missing
};

// Empties the GPU's last level of cache: twice its size is written.
class L2Flusher {
 public:
  // Of the current GPU, which is `index`. Throws Error{device}.
  explicit L2Flusher(int index);
  void enqueue(cudaStream_t stream) const;

 private:
  cuda::DeviceMemory memory_;
};

// What the data sheet of the architecture's GPU says of multiplications in the precision.
DeviceLimits data_sheet_limits(const GpuRoofline& gpu, kernels::Precision precision);

// Binary digits that a tensor's elements keep in the precision.
int digits_of(kernels::Precision precision);

// Watches the GPU around the rows.
class GpuWatch {
 public:
  explicit GpuWatch(int index) : monitor_(cuda::pci_bus_id(index)) {}

  void begin() { course_.before = monitor_.read(); }
  void after_row();
  GpuCourse course() const;

 private:
  cuda::GpuMonitor monitor_;
  GpuCourse course_;
};

// Used by one thread. options.gpu is the thread's current GPU.
template <class Operation>
class GpuBench {
 public:
  using Problem = typename Operation::Problem;

  // The options and `access` must outlive it.
  GpuBench(const Problem& problem, const OperationBenchOptions& options,
           const LibraryAccess& access)
      : problem_(problem),
        small_(cut_for_reference(problem)),
        options_(options),
        access_(access),
        types_{.map = options.gpu->precision},
        gpu_(roofline_of(options.gpu->capability)),
        stream_(cuda::make_stream()) {}

  // Throws Error{usage} for an unknown row, Error{device}, Error{interrupted}.
  OperationBenchResult run() {
    const std::vector<Candidate> all = candidates(problem_);
    check_names(all);
    OperationBenchResult result = frame();
    OperationRun<Operation> reference(kernel_table(Operation{}).back(), small_, source());
    reference.run();
    expected_ = reference.results();
    result.largest_value = largest_magnitude(expected_);
    small_candidates_ = candidates(small_);
    const OperationRun<Operation> host(kernel_table(Operation{}).back(), problem_, source());
    const DeviceData<Operation> data(problem_, host, types_);
    GpuWatch watch(options_.gpu->index);
    watch.begin();
    for (const Candidate& candidate : all) {
      if (!is_wanted(candidate.row, options_)) continue;
      result.rows.push_back(measure_row(candidate, data, result.limits));
      if (result.rows.back().timing) watch.after_row();
    }
    set_ratios(result.rows, "_cudnn");
    result.gpu = watch.course();
    const auto& missing = access_.notes;
    result.gpu->notes.insert(result.gpu->notes.begin(), missing.begin(), missing.end());
    return result;
  }

 private:
  using Prepared = std::unique_ptr<const kernels::CudaPreparedKernel<Operation>>;
  using Device = kernels::DeviceProblem<Operation>;

  // A row, or one way of a library's row.
  struct Candidate {
    std::string row;
    std::string name;     // with the way's behind it
    std::string why_not;  // of a refusal
    std::function<Prepared()> prepare;
  };

  FloatSource source() const { return {.kind = options_.data, .digits = digits_of(types_.map)}; }

  OperationBenchResult frame() const {
    const auto found = find_gpu(options_.gpu->index).gpu;
    return {.operation = std::string(Operation::kName),
            .problem = kernels::to_text(problem_),
            .error_problem = kernels::to_text(small_),
            .device = found ? gpu_text(*found) : "a GPU",
            .precision = std::string(kernels::to_string(types_.map)),
            .cold_cache = options_.cold_cache,
            .limits = data_sheet_limits(gpu_, types_.map),
            .limits_from = "data sheet of " + std::string(gpu_.name),
            .library = "cuDNN",
            .rows = {},
            .gpu = {}};
  }

  std::vector<Candidate> candidates(const Problem& problem) const {
    const Device device{problem, types_};
    std::vector<Candidate> all;
    for (const auto& row : cuda_kernel_table(Operation{})) {
      const std::string name(row.name);
      all.push_back(
          {.row = name, .name = name, .why_not = refusal(row, device), .prepare = [&row, device] {
             return row.prepare(device);
           }});
    }
    if constexpr (HasLibraryKernels<Operation>) {
      for (const auto* row : library_kernel_table(Operation{})) add_ways(*row, device, all);
    }
    return all;
  }

  // Empty where the row is allowed and accepts.
  std::string refusal(const kernels::CudaKernel<Operation>& row, const Device& device) const {
    if (row.least_capability > options_.gpu->capability) {
      return "needs sm_" + std::to_string(row.least_capability) + ", but the GPU is sm_" +
             std::to_string(options_.gpu->capability);
    }
    if (options_.deterministic && !row.deterministic) {
      return "two of its runs may differ in bits, and equal ones are asked for";
    }
    return refusal_by(row, device);
  }

  template <class Row>
  std::string refusal_by(const Row& row, const Device& device) const {
    if (options_.limits.exact && row.numeric_class == kernels::NumericClass::winograd) {
      return "its sums are of transformed values, and exact ones are asked for";
    }
    return row.accepts(device).why_not;
  }

  // What a library throws is why its row is left out.
  template <class Row>
  void add_ways(const Row& row, const Device& device, std::vector<Candidate>& all) const {
    Candidate candidate{.row = std::string(row.name),
                        .name = std::string(row.name),
                        .why_not = row.accepts(device).why_not,
                        .prepare = {}};
    const kernels::WayRequest request{.libraries = access_.libraries,
                                      .device = access_.device,
                                      .workspace_limit = options_.workspace_limit,
                                      .deterministic = options_.deterministic,
                                      .exact = options_.limits.exact};
    std::vector<kernels::LibraryWay> ways;
    if (access_.libraries == nullptr) candidate.why_not = "its library is not loaded";
    try {
      if (candidate.why_not.empty()) ways = row.ways(device, request);
      if (candidate.why_not.empty() && ways.empty()) candidate.why_not = "its library has no way";
    } catch (const std::exception& error) {
      candidate.why_not = error.what();
    }
    if (ways.empty()) all.push_back(candidate);
    for (const kernels::LibraryWay& way : ways) {
      candidate.name = candidate.row + ", " + way.label;
      candidate.prepare = [&row, device, request, way] {
        return row.prepare(device, request, way);
      };
      all.push_back(candidate);
    }
  }

  void check_names(const std::vector<Candidate>& all) const {
    std::vector<std::string_view> known;
    for (const Candidate& candidate : all) {
      if (known.empty() || known.back() != candidate.row) known.push_back(candidate.row);
    }
    check_row_names(known, Operation::kName, options_);
  }

  // A failure of a library is a refusal; one of the GPU is an error.
  std::string prepare(const Candidate& candidate, Prepared& kernel) const {
    try {
      kernel = candidate.prepare();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      return error.what();
    }
    return {};
  }

  RowResult measure_row(const Candidate& candidate, const DeviceData<Operation>& data,
                        const DeviceLimits& limits) {
    RowResult result{.kernel = candidate.name,
                     .why_not = candidate.why_not,
                     .timing = {},
                     .ratio_to_library = {},
                     .largest_error = {}};
    Prepared kernel;
    if (result.why_not.empty()) result.why_not = prepare(candidate, kernel);
    if (!result.why_not.empty()) return result;
    const std::size_t wanted = kernel->workspace_bytes() + kernel->packed_weights_bytes();
    if (wanted > options_.workspace_limit) {
      result.why_not = "needs " + std::to_string(wanted) + " bytes, more than --workspace-limit";
      return result;
    }
    try {
      result.largest_error = error_of(candidate.name);
      const DeviceRun<Operation> run(std::move(kernel), data, access_.handles, stream_.get());
      result.timing = time(run);
      set_rates(result, problem_.flops(), data.bytes(), limits);
    } catch (const kernels::LibraryError& error) {
      result.why_not = error.what();
    } catch (const Error& error) {
      // A row that has no memory leaves the others theirs; a GPU that is lost does not.
      const bool device = error.kind() == ErrorKind::device;
      if (!device || cudaStreamSynchronize(stream_.get()) != cudaSuccess) throw;
      result.why_not = error.what();
    }
    return result;
  }

  // On the small problem; none for a way that the library has not for it.
  std::optional<double> error_of(const std::string& name) const {
    const auto small =
        std::find_if(small_candidates_.begin(), small_candidates_.end(),
                     [&](const Candidate& candidate) { return candidate.name == name; });
    Prepared kernel;
    if (small == small_candidates_.end() || !small->why_not.empty()) return std::nullopt;
    if (!prepare(*small, kernel).empty()) return std::nullopt;
    const OperationRun<Operation> host(kernel_table(Operation{}).back(), small_, source());
    DeviceData<Operation> data(small_, host, types_);
    const DeviceRun<Operation> run(std::move(kernel), data, access_.handles, stream_.get());
    run.enqueue(stream_.get());
    cuda::check(cudaStreamSynchronize(stream_.get()), name);
    return largest_difference(data.results(), expected_);
  }

  // Before each run that counts comes one that does not, or the flusher: the GPU is at work while
  // the run is being enqueued.
  Timing time(const DeviceRun<Operation>& run) {
    if (options_.cold_cache && !flusher_) flusher_.emplace(options_.gpu->index);
    const auto before = [&](cudaStream_t on) {
      if (flusher_) return flusher_->enqueue(on);
      run.enqueue(on);
    };
    const TimingOptions timing{.warmup = options_.warmup,
                               .iterations = options_.iterations,
                               .budget = options_.seconds_a_row,
                               .cancelled = options_.cancelled};
    return collect(timing, [&] {
      return timer_.seconds_behind(stream_.get(), before,
                                   [&](cudaStream_t on) { run.enqueue(on); });
    });
  }

  Problem problem_, small_;
  const OperationBenchOptions& options_;
  const LibraryAccess& access_;
  kernels::DeviceTypes types_;
  const GpuRoofline& gpu_;
  cuda::Stream stream_;
  cuda::EventTimer timer_;
  std::vector<double> expected_;
  std::vector<Candidate> small_candidates_;
  std::optional<L2Flusher> flusher_;
};

}  // namespace allconv
