#include "kernels/core/isa.hpp"

namespace allconv::kernels {

std::string_view to_string(Isa isa) {
  switch (isa) {
    case Isa::portable: return "portable";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
  }
  return "unknown";
}

std::optional<Isa> parse_isa(std::string_view name) {
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (to_string(isa) == name) return isa;
  }
  return std::nullopt;
}

Isa best_isa() {
#if defined(__x86_64__)
  // libgcc's feature bits include the XGETBV check that the registers are saved by the system.
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (avx2 && avx512) return Isa::avx512;
  if (avx2) return Isa::avx2;
#endif
  return Isa::portable;
}

Verdict runs_under(Isa isa, Isa limit) {
  if (isa <= limit) return Verdict::accept();
  return Verdict::refuse("needs " + std::string(to_string(isa)) + ", but only " +
                         std::string(to_string(limit)) + " is available");
}

}  // namespace allconv::kernels
