// The main function of a target that is built without libFuzzer: it runs every input of a corpus,
// then many that differ from these in a few places.
//
//     fuzz_png CORPUS_FOLDER [--mutations N] [--memory-limit MIB]
//
// The changes depend on the inputs alone, so a finding comes again. The input that is tried stands
// in PROGRAM.input in the working folder, which is left there by a crash and removed at the end.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/support/file_descriptor.hpp"
#include "tests/fuzz/harness/files.hpp"
#include "tests/fuzz/harness/mutation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace allconv::fuzz {

namespace {

struct Arguments {
  std::string corpus;
  std::size_t mutations = 0;     // in all
  std::size_t memory_limit = 0;  // MiB of addresses; 0: none
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = values[i];
    if (word == "--mutations" && i + 1 < count) {
      arguments.mutations = std::stoul(values[++i]);
    } else if (word == "--memory-limit" && i + 1 < count) {
      arguments.memory_limit = std::stoul(values[++i]);
    } else {
      arguments.corpus = word;
    }
  }
  return arguments;
}

// A size that a file claims must not become an allocation: more than the limit is std::bad_alloc.
void limit_memory(std::size_t mebibytes) {
  if (mebibytes == 0) return;
  const rlimit limit = {.rlim_cur = mebibytes << 20, .rlim_max = mebibytes << 20};
  if (::setrlimit(RLIMIT_AS, &limit) < 0) throw std::runtime_error("cannot limit the memory");
}

std::vector<std::string> read_corpus(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path().native());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  inputs.reserve(paths.size());
  for (const std::string& path : paths) inputs.push_back(read_all(path));
  if (inputs.empty()) throw std::runtime_error("no inputs in " + folder);
  return inputs;
}

class Runner {
 public:
  explicit Runner(std::string path)
      : path_(std::move(path)), file_(open_file(path_, O_RDWR | O_CREAT | O_TRUNC)) {}
  ~Runner() { ::unlink(path_.c_str()); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void run(const std::string& input) {
    const bool kept =
        ::ftruncate(file_.get(), 0) == 0 &&
        ::pwrite(file_.get(), input.data(), input.size(), 0) == static_cast<ssize_t>(input.size());
    if (!kept) throw std::runtime_error("cannot write " + path_);
    // A copy of its own size, so that a sanitizer sees a read beyond the end.
    const std::vector<std::uint8_t> copy(input.begin(), input.end());
    LLVMFuzzerTestOneInput(copy.data(), copy.size());
    ++runs_;
  }

  std::size_t runs() const { return runs_; }

 private:
  std::string path_;
  FileDescriptor file_;
  std::size_t runs_ = 0;
};

void replay(const Arguments& arguments, const std::string& program) {
  limit_memory(arguments.memory_limit);
  const std::vector<std::string> corpus = read_corpus(arguments.corpus);
  Runner runner(program + ".input");
  runner.run("");
  for (const std::string& input : corpus) runner.run(input);
  Mutator mutator(corpus);
  for (std::size_t i = 0; i < arguments.mutations; ++i) {
    runner.run(mutator.changed(corpus[i % corpus.size()]));
  }
  std::printf("%zu inputs, %zu of them from files\n", runner.runs(), corpus.size());
}

}  // namespace

}  // namespace allconv::fuzz

int main(int count, char** values) {
  const std::string program = std::filesystem::path(values[0]).filename().native();
  try {
    allconv::fuzz::replay(allconv::fuzz::parse(count, values), program);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
