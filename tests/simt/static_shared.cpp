#include "tests/simt/static_shared.hpp"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simt/guarded.hpp"
#include "tests/simt/text.hpp"

namespace allconv::simt {

namespace {

// A variable of the program, by its offset in the thread-local block (or from the load address,
// where it is not thread-local).
struct Variable {
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

struct SharedSymbols {
  std::vector<Variable> variables;
  std::set<std::size_t> kernels;  // functions that declare some, from the load address
};

constexpr int kSymbolType = ALLCONV_SIMT_ASAN ? STT_OBJECT : STT_TLS;

// The program's own file, whose symbols say where its variables are.
class Program {
 public:
  Program() : image_(read_file("/proc/self/exe")), sections_(read_sections()) {}

  SharedSymbols shared_symbols() const {
    SharedSymbols found;
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type == SHT_SYMTAB) read_symbols(section, found);
    }
    return found;
  }

 private:
  static std::vector<char> read_file(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  template <class T>
  std::vector<T> read(std::size_t offset, std::size_t count) const {
    std::vector<T> items(count);
    std::memcpy(items.data(), image_.data() + offset, count * sizeof(T));
    return items;
  }

  std::vector<Elf64_Shdr> read_sections() const {
    const Elf64_Ehdr header = read<Elf64_Ehdr>(0, 1).front();
    return read<Elf64_Shdr>(header.e_shoff, header.e_shnum);
  }

  // In a symbol table local symbols follow the name of their source file. A function's own
  // variables begin with _ZZ; those of templates that are not in an unnamed namespace are not
  // local. Members with initial values put a variable into the file, but a block's is undefined all
  // the same; constants stand where nobody may write.
  bool declares_shared(const Elf64_Sym& symbol, std::string_view file,
                       std::string_view name) const {
    if (ELF64_ST_TYPE(symbol.st_info) != kSymbolType || !name.starts_with("_ZZ")) return false;
    if ((sections_.at(symbol.st_shndx).sh_flags & SHF_WRITE) == 0) return false;
    if (ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) return file.ends_with(".cu");
    return name.find("7allconv7kernels") != std::string_view::npos;
  }

  void read_symbols(const Elf64_Shdr& table, SharedSymbols& found) const {
    const auto symbols = read<Elf64_Sym>(table.sh_offset, table.sh_size / sizeof(Elf64_Sym));
    const char* names = image_.data() + sections_[table.sh_link].sh_offset;
    std::vector<std::string_view> declared;
    std::string_view file;
    for (const Elf64_Sym& symbol : symbols) {
      const std::string_view name = names + symbol.st_name;
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FILE) file = name;
      if (!declares_shared(symbol, file, name)) continue;
      found.variables.push_back({symbol.st_value, symbol.st_size});
      declared.push_back(name);
    }
    // Function _Z<f> declares variable _ZZ<f>E<name>.
    for (const Elf64_Sym& symbol : symbols) {
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      const std::string prefix = cat("_Z", names + symbol.st_name, 'E').erase(2, 1);
      for (const std::string_view variable : declared) {
        if (variable.starts_with(prefix)) found.kernels.insert(symbol.st_value);
      }
    }
  }

  std::vector<char> image_;
  std::vector<Elf64_Shdr> sections_;
};

const SharedSymbols& shared_symbols() {
  static const SharedSymbols symbols = Program().shared_symbols();
  return symbols;
}

// The program itself comes first among what is loaded.
dl_phdr_info program_info() {
  dl_phdr_info found{};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<dl_phdr_info*>(result) = *info;
        return 1;
      },
      &found);
  return found;
}

std::byte* load_address() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader says it as a number
  static std::byte* const address = reinterpret_cast<std::byte*>(program_info().dlpi_addr);
  return address;
}

// Where the calling thread's variables begin.
std::byte* base_of_thread() {
  static thread_local std::byte* const thread_local_block =
      static_cast<std::byte*>(program_info().dlpi_tls_data);
  return kSymbolType == STT_TLS ? thread_local_block : load_address();
}

}  // namespace

bool declares_shared(const void* kernel) {
  return shared_symbols().kernels.contains(reinterpret_cast<std::size_t>(kernel) -
                                           reinterpret_cast<std::size_t>(load_address()));
}

void poison_static_shared() {
  for (const Variable& variable : shared_symbols().variables) {
    std::memset(base_of_thread() + variable.offset, kPoison, variable.bytes);
  }
}

bool is_static_shared(const void* address, std::size_t bytes) {
  const auto* first = static_cast<const std::byte*>(address);
  for (const Variable& variable : shared_symbols().variables) {
    const std::byte* begin = base_of_thread() + variable.offset;
    if (first >= begin && first + bytes <= begin + variable.bytes) return true;
  }
  return false;
}

}  // namespace allconv::simt
