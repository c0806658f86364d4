#include "engine/runtime/gpu.hpp"

#include <algorithm>
#include <charconv>

#include "engine/support/error.hpp"

namespace allconv {

std::optional<GpuFacts> choose_gpu(std::string_view device, std::string_view where) {
  constexpr std::string_view kCuda = "cuda", kNumbered = "cuda:";
  if (device == "cpu") return std::nullopt;
  if (device == "auto") return find_gpu(0).gpu;
  int index = 0;
  const std::string_view number = device.substr(std::min(device.size(), kNumbered.size()));
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
  const bool is_number = error == std::errc() && end == number.data() + number.size() && index >= 0;
  if (device != kCuda && !(device.starts_with(kNumbered) && is_number)) {
    throw Error(ErrorKind::usage, std::string(device) + " is no device", where,
                "give auto, cpu, cuda or cuda:N");
  }
  GpuSearch search = find_gpu(index);
  if (!search.gpu) refuse_device(search, where);
  return search.gpu;
}

void refuse_device(const GpuSearch& search, std::string_view where) {
  throw Error(ErrorKind::device, search.why_not, where, search.mend);
}

std::string gpu_text(const GpuFacts& gpu) {
  return gpu.name + ", sm_" + std::to_string(gpu.capability);
}

}  // namespace allconv
