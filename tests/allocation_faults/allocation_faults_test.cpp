// Loading, planning, scoring and saving are walked through the failure of every allocation: each
// ends in std::bad_alloc or an error of the contract, leaks nothing (the sanitizer's part), and
// works the next time.
#include <gtest/gtest.h>

#include <atomic>

#include "engine/execute/executor.hpp"
#include "engine/plan/tuning_file.hpp"
#include "tests/allocation_faults/walk.hpp"
#include "tests/formats/sample_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv::allocation_faults {
namespace {

TEST(AllocationFaults, Counter) {
  const auto allocate = [] { ::operator delete(::operator new(1)); };
  const FailingNew failing(2);
  allocate();
  EXPECT_THROW(allocate(), std::bad_alloc);
  allocate();
  EXPECT_EQ(failing.count(), 3);
}

TEST(AllocationFaults, ReadModel) {
  const TemporaryFolder folder;
  const std::string path = folder / "model";
  write_model(sample_model(), path);
  walk([&] { read_model(path); });
}

TEST(AllocationFaults, WriteModel) {
  const TemporaryFolder folder;
  const std::string path = folder / "model";
  const Model model = sample_model();
  write_model(model, path);
  const std::string whole = read_bytes(path);
  const auto check = [&] {
    EXPECT_EQ(read_bytes(path), whole);
    EXPECT_EQ(folder.files(), 1);
  };
  walk([&] { write_model(model, path); }, check);
}

TEST(AllocationFaults, TuningFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "tuned.json";
  TuningFile file("a processor, avx2");
  file.add({.operation = "conv2d_forward",
            .problem = "h8w8c3k8r3s3",
            .candidates = {{.kernel = "conv2d_forward_reference", .milliseconds = 1.5}}});
  file.write(path);
  walk([&] { EXPECT_EQ(TuningFile::read(path).device(), file.device()); });
}

TEST(AllocationFaults, ThreadPool) {
  walk([] {
    ThreadPool pool(4);
    std::atomic<int> sum = 0;
    pool.parallel_for(10, [&](int index, int) { sum += index; });
    EXPECT_EQ(sum, 45);
  });
}

TEST(AllocationFaults, Plan) {
  const auto no_check = [] {};  // a function without a state
  for (const PassMode mode : {PassMode::inference, PassMode::training})
    walk([&] { make_plan(make_graph(sample_network(), mode), 2, {}); }, no_check);
}

TEST(AllocationFaults, Executor) {
  ThreadPool pool(1);
  const Model model = sample_model();
  for (const PassMode mode : {PassMode::inference, PassMode::training}) {
    const auto plan =
        std::make_shared<const Plan>(make_plan(make_graph(model.network, mode), 1, {}));
    walk([&] {
      Executor executor(plan, 1, pool);
      executor.load(model.parameters);
    });
  }
}

}  // namespace
}  // namespace allconv::allocation_faults
