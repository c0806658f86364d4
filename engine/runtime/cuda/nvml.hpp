// GpuMonitor: clocks, power, temperature and throttling of a GPU, by NVML, the driver's management
// library. It is loaded while the program runs, so that the program starts without it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/gpu_state.hpp"

namespace allconv::cuda {

// Used by one thread at a time. Nothing here throws: what is missing or fails becomes a note.
class GpuMonitor {
 public:
  static constexpr const char* kLibrary = "libnvidia-ml.so.1";

  // `pci_bus_id`: "00000000:17:00.0", as pci_bus_id() has it.
  explicit GpuMonitor(const std::string& pci_bus_id, const std::string& library = kLibrary);
  ~GpuMonitor();
  GpuMonitor(const GpuMonitor&) = delete;
  GpuMonitor& operator=(const GpuMonitor&) = delete;

  // Takes up to some milliseconds; disturbs no kernel that runs.
  GpuState read();

  // A sentence for each thing that could not be read, and why, each once.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  class Library;

  void note(std::string sentence);
  // The answer of a function that gives one unsigned number; nullopt and a note where there is
  // none.
  template <class Number, class Function, class... Arguments>
  std::optional<Number> ask(const char* what, Function function, Arguments... arguments);
  std::optional<std::vector<std::string>> slowdowns();

  std::unique_ptr<Library> library_;  // null: missing, or without this GPU
  std::vector<std::string> notes_;
};

// The bus address of a GPU, which NVML knows it by: the two may count GPUs in different orders.
// Throws Error{device}.
std::string pci_bus_id(int index);

}  // namespace allconv::cuda
