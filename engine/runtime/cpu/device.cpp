#include "engine/runtime/cpu/device.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace allconv {

namespace {

std::string brand_string() {
#if defined(__x86_64__)
  // Three leaves of 16 characters each, padded with zeros or blanks.
  constexpr unsigned kFirstLeaf = 0x80000002;
  std::array<unsigned, 13> words{};  // the last stays zero and ends the text
  for (unsigned leaf = 0; leaf < 3; ++leaf) {
    unsigned* const part = words.data() + std::size_t{leaf} * 4;
    if (__get_cpuid(kFirstLeaf + leaf, part, part + 1, part + 2, part + 3) == 0) return {};
  }
  std::array<char, sizeof words> text{};
  std::memcpy(text.data(), words.data(), sizeof words);
  return text.data();
#else
  return {};
#endif
}

}  // namespace

std::string processor_name() {
  const std::string brand = brand_string();
  const auto first = brand.find_first_not_of(' ');
  if (first == std::string::npos) return "unknown processor";
  return brand.substr(first, brand.find_last_not_of(' ') - first + 1);
}

std::string device_text(kernels::Isa isa) {
  return processor_name() + ", " + std::string(kernels::to_string(isa));
}

std::size_t machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || page_bytes <= 0) return SIZE_MAX;
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes);
}

}  // namespace allconv
