#include "kernels/core/isa.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace allconv::kernels {

namespace {

#if defined(__x86_64__) && defined(__linux__)
// Tiles, their bf16 products, and the conversion to bf16: leaf 7, of EDX bits 24 and 22, of the
// next subleaf's EAX bit 5.
bool cpu_has_tiles() {
  constexpr unsigned kTiles = (1U << 24) | (1U << 22);
  constexpr unsigned kConversion = 1U << 5;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTiles) != kTiles) return false;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & kConversion) != 0;
}

// Linux 5.16 and later give a process these registers when it asks for them.
bool system_gives_tiles() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

}  // namespace

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

bool has_tiles() {
#if defined(__x86_64__) && defined(__linux__)
  return best_isa() == Isa::avx512 && cpu_has_tiles() && system_gives_tiles();
#else
  return false;
#endif
}

Verdict runs_under(Isa isa, Isa limit) {
  if (isa <= limit) return Verdict::accept();
  return Verdict::refuse("needs " + std::string(to_string(isa)) + ", but only " +
                         std::string(to_string(limit)) + " is available");
}

}  // namespace allconv::kernels
