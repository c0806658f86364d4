#include "tests/simt/operations/device_under_test.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "tests/simt/machine.hpp"
#include "tests/simt/sanitizers.hpp"

namespace allconv::suite {

namespace {

const simt::Settings& settings_at_start() {
  static const simt::Settings settings = simt::settings();
  return settings;
}

void choose(simt::WarpOrder order) {
  simt::Settings settings = settings_at_start();
  settings.order = order;
  simt::configure(settings);
}

}  // namespace

void choose_first_order() { choose(simt::WarpOrder::greedy); }
void choose_second_order() { choose(settings_at_start().order); }

// An emulated GPU does 50 to 400 million multiply-adds a second; of element-wise kernels some
// blocks tell as much as many. On a real one it is the CPU's reference that takes its time.
Limits limits(bool full_size) {
  constexpr Limits kEmulatedQuick{.flops = 2.8e6, .elements = 10'000};
  constexpr Limits kEmulatedFull{.flops = 1e8, .elements = 200'000};
  constexpr Limits kQuick{.flops = 2e7, .elements = 200'000};
  constexpr Limits kFull{.flops = 3e8, .elements = 4'000'000};
  if (simt::is_emulated()) return full_size ? kEmulatedFull : kEmulatedQuick;
  return full_size ? kFull : kQuick;
}

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::string text = std::string(what) + ": " + cudaGetErrorString(error);
  for (const std::string& fault : simt::take_faults()) text += "; " + fault;
  throw std::runtime_error(text);
}

DeviceCopy::DeviceCopy(const GuardedMemory& host) : host_(&host) {
  const auto whole = host.whole();
  void* memory = nullptr;
  check(cudaMalloc(&memory, whole.size()), "cudaMalloc");
  device_ = static_cast<std::byte*>(memory);
  check(cudaMemcpy(device_, whole.data(), whole.size(), cudaMemcpyHostToDevice), "cudaMemcpy");
  const std::byte* const end = contents() + host.size();
  simt::forbid(device_, static_cast<std::size_t>(contents() - device_));
  simt::forbid(end, static_cast<std::size_t>(device_ + whole.size() - end));
}

DeviceCopy::DeviceCopy(DeviceCopy&& other) noexcept
    : host_(other.host_), device_(std::exchange(other.device_, nullptr)) {}

// Also after a failure, which check() has reported.
DeviceCopy::~DeviceCopy() { (void)cudaFree(device_); }

std::byte* DeviceCopy::contents() const {
  return device_ + (host_->data() - host_->whole().data());
}

void DeviceCopy::fetch() const {
  const auto whole = host_->whole();
  simt::allow(device_, whole.size());
  check(cudaMemcpy(whole.data(), device_, whole.size(), cudaMemcpyDeviceToHost), "cudaMemcpy");
}

}  // namespace allconv::suite
