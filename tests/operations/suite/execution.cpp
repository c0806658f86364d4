#include "tests/operations/suite/execution.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <utility>

namespace allconv::suite {

namespace {

using kernels::Interval;

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
  if (!tensor.initial.empty()) subject.pack(floats(tensor.initial), packed);
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

// Whether the schedule asks for intervals of parts rather than for one part after another.
bool by_intervals(Schedule schedule) {
  return schedule == Schedule::together || schedule == Schedule::two_threads;
}

// What each call computes, call after call.
std::vector<Interval> calls_of(int parts, Schedule schedule, std::uint64_t seed) {
  if (schedule == Schedule::together) return {{0, parts}};
  Random random(seed);
  const int longest = schedule == Schedule::two_threads ? std::max(1, parts / 2) : 1;
  std::vector<Interval> calls;
  for (int first = 0; first < parts; first = calls.back().last) {
    const int length = longest == 1 ? 1 : static_cast<int>(random.integer(1, longest));
    calls.push_back({first, std::min(parts, first + length)});
  }
  if (schedule == Schedule::in_order) return calls;
  for (int last = static_cast<int>(calls.size()) - 1; last > 0; --last) {
    std::swap(calls[static_cast<std::size_t>(last)],
              calls[static_cast<std::size_t>(random.integer(0, last))]);
  }
  return calls;
}

// Makes the calls of one schedule, from one or two threads.
class Caller {
 public:
  Caller(const Subject& subject, const Memories& memories, Schedule schedule, std::uint64_t seed)
      : subject_(subject),
        memories_(memories),
        schedule_(schedule),
        calls_(calls_of(subject.parts(), schedule, seed)) {}

  Faults make_calls() {
    Faults faults;
    if (schedule_ != Schedule::two_threads) {
      take_calls(faults);
      return faults;
    }
    Faults second_faults;
    std::thread second([&] { take_calls(second_faults); });
    take_calls(faults);
    second.join();
    faults.insert(faults.end(), second_faults.begin(), second_faults.end());
    return faults;
  }

 private:
  // Makes the next call until none is left. The workspace starts as NaN.
  void take_calls(Faults& faults) {
    const GuardedMemory workspace(subject_.workspace_bytes());
    for (std::size_t i = next_++; i < calls_.size(); i = next_++) {
      if (by_intervals(schedule_)) {
        subject_.run_parts(workspace, memories_, calls_[i]);
      } else {
        subject_.run(workspace, memories_, calls_[i].first);
      }
    }
    if (workspace.damaged_bytes() > 0) {
      faults.push_back("wrote " + std::to_string(workspace.damaged_bytes()) +
                       " bytes beyond the workspace of " + std::to_string(workspace.size()));
    }
  }

  const Subject& subject_;
  const Memories& memories_;
  Schedule schedule_;
  std::vector<Interval> calls_;
  std::atomic<std::size_t> next_ = 0;
};

void check_memory(const Tensor& tensor, const GuardedMemory& memory,
                  const std::vector<std::byte>& before, Faults& faults) {
  if (memory.damaged_bytes() > 0) {
    faults.push_back("wrote " + std::to_string(memory.damaged_bytes()) + " bytes beyond " +
                     tensor.name);
  }
  const bool unchanged =
      before.empty() || std::memcmp(before.data(), memory.data(), before.size()) == 0;
  if (tensor.role == Role::input && !unchanged)
    faults.push_back("changed its input " + tensor.name);
}

}  // namespace

Execution execute(const Subject& subject, const TensorList& tensors, Schedule schedule,
                  std::uint64_t seed) {
  Execution execution;
  Memories memories;
  std::map<std::string, std::vector<std::byte>> before;
  for (const Tensor& tensor : tensors.all()) {
    GuardedMemory memory = lay_out(subject, tensor);
    before[tensor.name].assign(memory.data(), memory.data() + memory.size());
    memories[tensor.name] = std::move(memory);
  }
  execution.faults = Caller(subject, memories, schedule, seed).make_calls();
  for (const Tensor& tensor : tensors.all()) {
    const GuardedMemory& memory = memories.at(tensor.name);
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
