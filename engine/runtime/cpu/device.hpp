// Device: what names the processor in results and tuning files, and the memory it has.
#pragma once

#include <cstddef>
#include <string>

#include "kernels/core/isa.hpp"

namespace allconv {

// The processor's own name (CPUID), "unknown processor" where it has none.
std::string processor_name();

// "AMD EPYC 9654, avx512": the processor and the instruction set that kernels may use.
std::string device_text(kernels::Isa isa = kernels::best_isa());

// Bytes of physical memory; SIZE_MAX where the system does not tell.
std::size_t machine_memory();

}  // namespace allconv
