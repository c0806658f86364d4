#include "engine/runtime/cuda/nvml.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>

#include "engine/runtime/cuda/resources.hpp"

namespace allconv::cuda {

namespace {

// As NVIDIA's nvml.h declares them; that header comes with the toolkit, not with the driver.
using Result = int;    // 0: success
using Device = void*;  // nvmlDevice_t
constexpr int kSmClock = 1;
constexpr int kMemoryClock = 2;
constexpr int kGpuTemperature = 0;
constexpr double kMilli = 1e-3;

struct Reason {
  unsigned long long bit;
  const char* words;
};

// nvmlClocksEventReason*, formerly nvmlClocksThrottleReason*.
constexpr Reason kReasons[] = {
    {0x1, "idle"},
    {0x2, "application clocks"},
    {0x4, "software power cap"},
    {0x8, "hardware slowdown"},
    {0x10, "sync boost"},
    {0x20, "software thermal slowdown"},
    {0x40, "hardware thermal slowdown"},
    {0x80, "hardware power brake"},
    {0x100, "display clocks"},
};

std::vector<std::string> in_words(unsigned long long reasons) {
  std::vector<std::string> words;
  for (const Reason& reason : kReasons) {
    if ((reasons & reason.bit) != 0) words.emplace_back(reason.words);
    reasons &= ~reason.bit;
  }
  if (reasons != 0) words.push_back(fmt::format("unknown reasons {:#x}", reasons));
  return words;
}

}  // namespace

// The loaded library, started, and the GPU in it. A function that it lacks is null.
class GpuMonitor::Library {
 public:
  using Clock = Result(Device, int, unsigned*);
  using Power = Result(Device, unsigned*);
  using Reasons = Result(Device, unsigned long long*);

  // What went wrong, or nothing.
  std::string open(const std::string& file, const std::string& pci_bus_id) {
    handle_.reset(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL));
    if (handle_ == nullptr) return dlerror();
    auto* const start = function<Result()>("nvmlInit_v2");
    shutdown_ = function<Result()>("nvmlShutdown");
    auto* const find = function<Result(const char*, Device*)>("nvmlDeviceGetHandleByPciBusId_v2");
    error_string_ = function<const char*(Result)>("nvmlErrorString");
    if (start == nullptr || shutdown_ == nullptr || find == nullptr) {
      return file + ": it is too old";
    }
    const Result started = start();
    if (started != 0) return text_of(started);
    is_started_ = true;
    const Result found = find(pci_bus_id.c_str(), &device_);
    if (found != 0) return text_of(found);
    clock = function<Clock>("nvmlDeviceGetClockInfo");
    temperature = function<Clock>("nvmlDeviceGetTemperature");
    power = function<Power>("nvmlDeviceGetPowerUsage");
    reasons = function<Reasons>("nvmlDeviceGetCurrentClocksEventReasons");
    if (reasons == nullptr) {
      reasons = function<Reasons>("nvmlDeviceGetCurrentClocksThrottleReasons");
    }
    return {};
  }

  ~Library() {
    if (is_started_) static_cast<void>(shutdown_());
  }

  Device device() const { return device_; }
  std::string text_of(Result result) const {
    return error_string_ == nullptr ? fmt::format("error {}", result) : error_string_(result);
  }

  Clock* clock = nullptr;
  Clock* temperature = nullptr;
  Power* power = nullptr;
  Reasons* reasons = nullptr;

 private:
  struct Close {
    void operator()(void* handle) const { static_cast<void>(dlclose(handle)); }
  };

  template <class Function>
  Function* function(const char* name) const {
    return reinterpret_cast<Function*>(dlsym(handle_.get(), name));
  }

  std::unique_ptr<void, Close> handle_;
  Result (*shutdown_)() = nullptr;
  const char* (*error_string_)(Result) = nullptr;
  Device device_ = nullptr;
  bool is_started_ = false;
};

GpuMonitor::GpuMonitor(const std::string& pci_bus_id, const std::string& library)
    : library_(std::make_unique<Library>()) {
  const std::string fault = library_->open(library, pci_bus_id);
  if (fault.empty()) return;
  library_.reset();
  note("clocks, power and throttling are not known: NVML: " + fault);
}

GpuMonitor::~GpuMonitor() = default;

void GpuMonitor::note(std::string sentence) {
  if (std::find(notes_.begin(), notes_.end(), sentence) == notes_.end()) {
    notes_.push_back(std::move(sentence));
  }
}

template <class Number, class Function, class... Arguments>
std::optional<Number> GpuMonitor::ask(const char* what, Function function, Arguments... arguments) {
  Number number = 0;
  const Result result =
      function == nullptr ? -1 : function(library_->device(), arguments..., &number);
  if (result == 0) return number;
  const std::string why =
      function == nullptr ? "this driver does not tell it" : library_->text_of(result);
  note(fmt::format("{} is not known: NVML: {}", what, why));
  return std::nullopt;
}

std::optional<std::vector<std::string>> GpuMonitor::slowdowns() {
  const auto reasons = ask<unsigned long long>("throttling", library_->reasons);
  if (!reasons) return std::nullopt;
  return in_words(*reasons);
}

GpuState GpuMonitor::read() {
  if (library_ == nullptr) return {};
  GpuState state;
  state.sm_mhz = ask<unsigned>("the multiprocessors' clock", library_->clock, kSmClock);
  state.memory_mhz = ask<unsigned>("the memory's clock", library_->clock, kMemoryClock);
  const auto milliwatts = ask<unsigned>("power", library_->power);
  if (milliwatts) state.watts = *milliwatts * kMilli;
  state.celsius = ask<unsigned>("the temperature", library_->temperature, kGpuTemperature);
  state.slowed_by = slowdowns();
  return state;
}

std::string pci_bus_id(int index) {
  cudaDeviceProp facts{};
  check(cudaGetDeviceProperties(&facts, index), "asking what the GPU is");
  return fmt::format("{:08x}:{:02x}:{:02x}.0", facts.pciDomainID, facts.pciBusID,
                     facts.pciDeviceID);
}

}  // namespace allconv::cuda
