#include "tests/operations/suite/execution.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <thread>
#include <utility>

namespace allconv::suite {

namespace {

const float* floats(const std::vector<std::byte>& bytes) {
  return reinterpret_cast<const float*>(bytes.data());
}

// The tensor as the kernel wants it before the run.
GuardedMemory lay_out(const Subject& subject, const Tensor& tensor) {
  if (!tensor.packed) {
    return tensor.initial.empty() ? GuardedMemory(tensor.bytes())
                                  : GuardedMemory(std::span(tensor.initial));
  }
  GuardedMemory packed(subject.packed_bytes());
  if (!tensor.initial.empty()) subject.pack(floats(tensor.initial), packed.data());
  return packed;
}

std::vector<std::byte> plain_contents(const Subject& subject, const Tensor& tensor,
                                      const GuardedMemory& memory, Faults& faults) {
  if (!tensor.packed) return {memory.data(), memory.data() + memory.size()};
  const GuardedMemory plain(tensor.bytes());
  subject.unpack(memory.data(), reinterpret_cast<float*>(plain.data()));
  if (plain.damaged_bytes() > 0) {
    faults.push_back("unpack_weights wrote " + std::to_string(plain.damaged_bytes()) +
                     " bytes beyond " + tensor.name);
  }
  return {plain.data(), plain.data() + plain.size()};
}

std::vector<int> part_order(int parts, Schedule schedule, std::uint64_t seed) {
  std::vector<int> order(static_cast<std::size_t>(parts));
  std::iota(order.begin(), order.end(), 0);
  if (schedule == Schedule::in_order) return order;
  Random random(seed);
  for (int last = parts - 1; last > 0; --last) {
    std::swap(order[static_cast<std::size_t>(last)],
              order[static_cast<std::size_t>(random.integer(0, last))]);
  }
  return order;
}

// Runs the parts that `next` hands out until none is left. The workspace starts as NaN.
void run_parts(const Subject& subject, const Bench& bench, const std::vector<int>& order,
               std::atomic<std::size_t>& next, Faults& faults) {
  const GuardedMemory workspace(subject.workspace_bytes());
  const kernels::ExecutionContext context{.scratch = workspace.span()};
  for (std::size_t i = next++; i < order.size(); i = next++) subject.run(context, bench, order[i]);
  if (workspace.damaged_bytes() > 0) {
    faults.push_back("wrote " + std::to_string(workspace.damaged_bytes()) +
                     " bytes beyond the workspace of " + std::to_string(workspace.size()));
  }
}

void run_all(const Subject& subject, const Bench& bench, const std::vector<int>& order,
             Schedule schedule, Faults& faults) {
  std::atomic<std::size_t> next = 0;
  if (schedule != Schedule::two_threads) {
    run_parts(subject, bench, order, next, faults);
    return;
  }
  Faults second_faults;
  std::thread second([&] { run_parts(subject, bench, order, next, second_faults); });
  run_parts(subject, bench, order, next, faults);
  second.join();
  faults.insert(faults.end(), second_faults.begin(), second_faults.end());
}

void check_memory(const Tensor& tensor, const GuardedMemory& memory,
                  const std::vector<std::byte>& before, Faults& faults) {
  if (memory.damaged_bytes() > 0) {
    faults.push_back("wrote " + std::to_string(memory.damaged_bytes()) + " bytes beyond " +
                     tensor.name);
  }
  const bool unchanged = std::equal(before.begin(), before.end(), memory.data());
  if (tensor.role == Role::input && !unchanged)
    faults.push_back("changed its input " + tensor.name);
}

}  // namespace

Execution execute(const Subject& subject, const TensorList& tensors, Schedule schedule,
                  std::uint64_t seed) {
  Execution execution;
  Bench bench;
  std::map<std::string, std::vector<std::byte>> before;
  for (const Tensor& tensor : tensors.all()) {
    GuardedMemory memory = lay_out(subject, tensor);
    before[tensor.name].assign(memory.data(), memory.data() + memory.size());
    bench.place(tensor.name, std::move(memory));
  }
  const std::vector<int> order = part_order(subject.parts(), schedule, seed);
  run_all(subject, bench, order, schedule, execution.faults);
  for (const Tensor& tensor : tensors.all()) {
    const GuardedMemory& memory = bench.memory(tensor.name);
    check_memory(tensor, memory, before[tensor.name], execution.faults);
    if (tensor.role == Role::input) continue;
    execution.results[tensor.name] = plain_contents(subject, tensor, memory, execution.faults);
  }
  return execution;
}

Faults compare_bits(const TensorList& tensors, const Execution& first, const Execution& second,
                    const std::string& how) {
  Faults faults;
  for (const auto& [name, bytes] : first.results) {
    const std::vector<std::byte>& other = second.results.at(name);
    const auto [at, _] = std::mismatch(bytes.begin(), bytes.end(), other.begin(), other.end());
    if (at == bytes.end()) continue;
    const Tensor& tensor = tensors.at(name);
    const auto element =
        static_cast<std::size_t>(at - bytes.begin()) / (tensor.bytes() / tensor.count);
    faults.push_back(tensor.describe(element, element_at(tensor.element, bytes, element)) +
                     " differs " + how + ": " +
                     std::to_string(element_at(tensor.element, other, element)));
  }
  return faults;
}

Faults check_packing(const Subject& subject, const TensorList& tensors) {
  Faults faults;
  for (const Tensor& tensor : tensors.all()) {
    if (!tensor.packed || tensor.initial.empty()) continue;
    const GuardedMemory packed = lay_out(subject, tensor);
    if (packed.damaged_bytes() > 0) faults.push_back("pack_weights wrote beyond its memory");
    // What a kernel only reads may have a form without a way back.
    if (tensor.role == Role::input) continue;
    if (plain_contents(subject, tensor, packed, faults) != tensor.initial) {
      faults.push_back("unpack_weights does not give back what pack_weights took");
    }
  }
  return faults;
}

}  // namespace allconv::suite
