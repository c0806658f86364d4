// Device: what names the processor in results and tuning files.
#pragma once

#include <string>

#include "kernels/core/isa.hpp"

namespace allconv {

// The processor's own name (CPUID), "unknown processor" where it has none.
std::string processor_name();

// "AMD EPYC 9654, avx512": the processor and the instruction set that kernels may use.
std::string device_text(kernels::Isa isa = kernels::best_isa());

}  // namespace allconv
