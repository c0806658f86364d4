// Executor::run() takes no memory: every malloc and operator new of the process is counted while it
// runs. What oneDNN takes inside dnnl_primitive_execute() is its own affair (it makes a hash map of
// its arguments on each call) and is left out, and so is what OpenMP takes when a thread first sets
// its number of threads.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "engine/execute/executor.hpp"
#include "engine/graph/networks.hpp"

namespace {

std::atomic<bool> counting{false};
std::atomic<long> allocations{0};
thread_local int inside_library = 0;

void count_one() {
  if (counting.load(std::memory_order_relaxed) && inside_library == 0) ++allocations;
}

template <class Function>
Function next_symbol(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// The allocator of the C library under its internal name, so that interposing needs no dlsym, which
// may itself allocate.
extern "C" void* __libc_malloc(std::size_t bytes);
extern "C" void* __libc_memalign(std::size_t alignment, std::size_t bytes);

extern "C" void* malloc(std::size_t bytes) {
  count_one();
  return __libc_malloc(bytes);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count_one();
  return __libc_memalign(alignment, bytes);
}

// The product calls oneDNN through this symbol, which the program's own definition takes over.
extern "C" int dnnl_primitive_execute(const void* primitive, void* stream, int count,
                                      const void* arguments) {
  using Execute = int (*)(const void*, void*, int, const void*);
  static const auto execute = next_symbol<Execute>("dnnl_primitive_execute");
  ++inside_library;
  const int status = execute(primitive, stream, count, arguments);
  --inside_library;
  return status;
}

extern "C" void omp_set_num_threads(int threads) {
  static const auto set = next_symbol<void (*)(int)>("omp_set_num_threads");
  ++inside_library;
  set(threads);
  --inside_library;
}

namespace allconv {
namespace {

TEST(Counter, SeesNewAndMalloc) {
  allocations = 0;
  counting = true;
  auto* number = new int(3);
  void* bytes = std::malloc(10);
  counting = false;
  EXPECT_EQ(allocations, 2);
  delete number;
  std::free(bytes);
}

class Allocations : public testing::TestWithParam<std::tuple<PassMode, int>> {};

TEST_P(Allocations, RunTakesNoMemory) {
  const auto [mode, threads] = GetParam();
  for (const int images : {1, 3, 8}) {
    const NetworkDescription network = make_network("convpool-cnn-c", {}, 10);
    const int micro_batch = micro_batch_size(mode, images, threads);
    ThreadPool pool(threads);
    const auto plan =
        std::make_shared<const Plan>(make_plan(make_graph(network, mode), micro_batch, {}));
    Executor executor(plan, images, pool);
    Parameters parameters = zero_parameters(network);
    executor.load(parameters);
    const std::vector<float> input(static_cast<std::size_t>(images * network.input.size()), 0.5F);
    const std::vector<std::int32_t> labels(static_cast<std::size_t>(images), 1);
    std::vector<float> logits(static_cast<std::size_t>(images) * 10);
    Batch batch{.images = images, .input = input.data(), .scaling = {}};
    batch.labels = labels.data();
    batch.logits = logits.data();
    executor.run(batch);  // threads create their own state in libraries at first use
    allocations = 0;
    counting = true;
    executor.run(batch);
    counting = false;
    EXPECT_EQ(allocations, 0) << images << " images";
  }
}

TEST(WarpedPixels, TakeNoMemoryEither) {
  constexpr int kImages = 6;
  const NetworkDescription network = make_network("all-cnn-c", {}, 10);
  const auto size = static_cast<std::size_t>(network.input.size());
  ThreadPool pool(2);
  Executor executor(
      std::make_shared<const Plan>(make_plan(make_graph(network, PassMode::training), 2, {})),
      kImages, pool);
  executor.load(zero_parameters(network));
  const std::vector<std::uint8_t> image(size, 7);
  const std::vector<const std::uint8_t*> pixels(kImages, image.data());
  const std::vector<kernels::ImageWarp> warps(kImages);
  const std::vector<std::int32_t> labels(kImages, 1);
  Batch batch{.images = kImages, .pixels = pixels.data(), .warps = warps.data(), .scaling = {}};
  batch.labels = labels.data();
  executor.run(batch);
  allocations = 0;
  counting = true;
  executor.run(batch);
  counting = false;
  EXPECT_EQ(allocations, 0);
}

INSTANTIATE_TEST_SUITE_P(ModesThreads, Allocations,
                         testing::Combine(testing::Values(PassMode::inference, PassMode::training,
                                                          PassMode::explain),
                                          testing::Values(1, 2, 3)));

}  // namespace
}  // namespace allconv
