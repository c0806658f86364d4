#include "tests/simt/static_shared.hpp"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "tests/simt/guarded.hpp"
#include "tests/simt/sanitizers.hpp"

namespace allconv::simt {

namespace {

// A variable of the program, by its offset in the thread-local block (or from the load address,
// where it is not thread-local).
struct Variable {
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

std::vector<char> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr int kSymbolType = ALLCONV_SIMT_SHARED_IS_STATIC ? STT_OBJECT : STT_TLS;

// In a symbol table local symbols follow the name of their source file. A function's own variables
// begin with _ZZ; those of templates that are not in an unnamed namespace are not local.
bool declares_shared(const Elf64_Sym& symbol, std::string_view file, std::string_view name) {
  if (ELF64_ST_TYPE(symbol.st_info) != kSymbolType || !name.starts_with("_ZZ")) return false;
  if (ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) return file.ends_with(".cu");
  return name.find("7allconv7kernels") != std::string_view::npos;
}

std::vector<Variable> variables_of_program() {
  const std::vector<char> image = read_file("/proc/self/exe");
  std::vector<Variable> found;
  if (image.size() < sizeof(Elf64_Ehdr)) return found;
  const auto at = [&image](std::size_t offset) { return image.data() + offset; };
  Elf64_Ehdr header;
  std::memcpy(&header, at(0), sizeof header);
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  std::memcpy(sections.data(), at(header.e_shoff), sections.size() * sizeof(Elf64_Shdr));
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_SYMTAB) continue;
    std::vector<Elf64_Sym> symbols(section.sh_size / sizeof(Elf64_Sym));
    std::memcpy(symbols.data(), at(section.sh_offset), symbols.size() * sizeof(Elf64_Sym));
    const char* names = at(sections[section.sh_link].sh_offset);
    std::string_view file;
    for (const Elf64_Sym& symbol : symbols) {
      const std::string_view name = names + symbol.st_name;
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FILE) file = name;
      if (declares_shared(symbol, file, name)) found.push_back({symbol.st_value, symbol.st_size});
    }
  }
  return found;
}

const std::vector<Variable>& variables() {
  static const std::vector<Variable> variables = variables_of_program();
  return variables;
}

// Where the program's variables of the calling thread begin.
std::byte* base() {
  void* found = nullptr;
  // The program itself comes first.
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<void**>(result) =
            kSymbolType == STT_TLS ? info->dlpi_tls_data : reinterpret_cast<void*>(info->dlpi_addr);
        return 1;
      },
      &found);
  return static_cast<std::byte*>(found);
}

std::byte* base_of_thread() {
  static thread_local std::byte* const known = base();
  return known;
}

}  // namespace

bool has_static_shared() { return !variables().empty(); }

void poison_static_shared() {
  for (const Variable& variable : variables()) {
    std::memset(base_of_thread() + variable.offset, kPoison, variable.bytes);
  }
}

bool is_static_shared(const void* address, std::size_t bytes) {
  const auto* first = static_cast<const std::byte*>(address);
  for (const Variable& variable : variables()) {
    const std::byte* begin = base_of_thread() + variable.offset;
    if (first >= begin && first + bytes <= begin + variable.bytes) return true;
  }
  return false;
}

}  // namespace allconv::simt
