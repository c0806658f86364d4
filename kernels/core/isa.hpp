// Isa: the instruction set that a kernel row is built for, and what this machine can run.
#pragma once

#include <optional>
#include <string_view>

#include "kernels/core/verdict.hpp"

namespace allconv::kernels {

// Ordered: a CPU that runs one instruction set runs all before it.
enum class Isa { portable, avx2, avx512 };

std::string_view to_string(Isa isa);

// The widest instruction set of this CPU that the operating system has enabled (CPUID, XGETBV).
Isa best_isa();

// Whether this process may use the CPU's tile registers (AMX) with products of bf16. Asks the
// system for them.
bool has_tiles();

// The instruction set of that name; nullopt where there is none.
std::optional<Isa> parse_isa(std::string_view name);

// Accepts when `isa` is at most `limit`; else says which of the two is missing.
Verdict runs_under(Isa isa, Isa limit);

}  // namespace allconv::kernels
