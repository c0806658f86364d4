// A library that stands in for a profiler: NVTX loads it by NVTX_INJECTION64_PATH. It adds a line
// "push NAME" or "pop" to the file NVTX_STAND_IN_FILE for each range.
#include <nvtx3/nvToolsExt.h>

#include <cstdio>
#include <cstdlib>

namespace {

int write_line(const char* what, const char* name) {
  std::FILE* const file = std::fopen(std::getenv("NVTX_STAND_IN_FILE"), "a");
  if (file == nullptr) return -1;
  std::fprintf(file, "%s%s\n", what, name);
  return std::fclose(file);
}

int push(const char* name) { return write_line("push ", name); }
int pop() { return write_line("pop", ""); }

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is NVTX's
extern "C" int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t find_table) {
  const auto* callbacks =
      static_cast<const NvtxExportTableCallbacks*>(find_table(NVTX_ETID_CALLBACKS));
  NvtxFunctionTable table = nullptr;
  unsigned size = 0;
  if (callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &table, &size) == 0) return 0;
  *table[NVTX_CBID_CORE_RangePushA] = reinterpret_cast<NvtxFunctionPointer>(push);
  *table[NVTX_CBID_CORE_RangePop] = reinterpret_cast<NvtxFunctionPointer>(pop);
  return 1;
}
