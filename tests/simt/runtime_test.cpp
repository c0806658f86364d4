// The emulated runtime: streams are late, so that what a program forgets to wait for shows; events
// and graphs order what they must; wrong calls are answered as a device answers them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/simt/device_array.hpp"
#include "tests/simt/kernels/small.cuh"
#include "tests/simt/orders.hpp"

namespace allconv::simt {
namespace {

class Runtime : public testing::Test {
 protected:
  Runtime() {
    for (cudaStream_t& stream : streams_) {
      EXPECT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
    }
    EXPECT_EQ(cudaEventCreate(&event_), cudaSuccess);
  }
  ~Runtime() override {
    take_faults();
    for (cudaStream_t stream : streams_) EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(event_), cudaSuccess);
    cudaGetLastError();
    configure({});
  }

  // One stream writes a value, the other reads it; true where the reader came second.
  bool reader_comes_second(bool with_event) {
    const DeviceArray<int> device(std::vector<int>{0});
    const int one = 1;
    int seen = -1;
    EXPECT_EQ(cudaMemcpyAsync(device.data(), &one, 4, cudaMemcpyHostToDevice, streams_[1]),
              cudaSuccess);
    if (with_event) {
      EXPECT_EQ(cudaEventRecord(event_, streams_[1]), cudaSuccess);
      EXPECT_EQ(cudaStreamWaitEvent(streams_[0], event_), cudaSuccess);
    }
    EXPECT_EQ(cudaMemcpyAsync(&seen, device.data(), 4, cudaMemcpyDeviceToHost, streams_[0]),
              cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    return seen == 1;
  }

  cudaStream_t streams_[2] = {};
  cudaEvent_t event_ = nullptr;
};

TEST_F(Runtime, RunsAStreamInItsOrder) {
  for (const Settings& order : all_orders(4)) {
    configure(order);
    const DeviceArray<int> device(1);
    int seen = 0;
    for (int value = 0; value < 20; ++value) {
      EXPECT_EQ(cudaMemsetAsync(device.data(), value, 4, streams_[0]), cudaSuccess);
    }
    EXPECT_EQ(cudaMemcpyAsync(&seen, device.data(), 4, cudaMemcpyDeviceToHost, streams_[0]),
              cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(streams_[0]), cudaSuccess);
    EXPECT_EQ(seen, 0x13131313);
  }
}

TEST_F(Runtime, ReadsASourceOnlyWhenTheStreamGetsThere) {
  const DeviceArray<int> device(1);
  int source = 1;
  ASSERT_EQ(cudaMemcpyAsync(device.data(), &source, 4, cudaMemcpyHostToDevice, streams_[0]),
            cudaSuccess);
  source = 2;
  ASSERT_EQ(cudaStreamSynchronize(streams_[0]), cudaSuccess);
  EXPECT_EQ(device.values(), std::vector<int>{2});
}

TEST_F(Runtime, ComesInBothOrdersWithoutAnEvent) {
  std::set<bool> seen;
  for (const Settings& order : all_orders(0)) {
    configure(order);
    seen.insert(reader_comes_second(false));
  }
  EXPECT_EQ(seen.size(), 2U);
  seen.clear();
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    configure({.seed = seed});
    seen.insert(reader_comes_second(false));
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(Runtime, KeepsTheOrderOfAnEvent) {
  for (const Settings& order : all_orders(10)) {
    configure(order);
    EXPECT_TRUE(reader_comes_second(true));
  }
}

TEST_F(Runtime, LetsBlockingStreamsWaitForTheDefaultStream) {
  for (const Settings& order : all_orders(10)) {
    configure(order);
    cudaStream_t blocking = nullptr;
    ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
    const DeviceArray<int> device(1);
    int seen[2] = {};
    EXPECT_EQ(cudaMemsetAsync(device.data(), 1, 4, nullptr), cudaSuccess);
    EXPECT_EQ(cudaMemcpyAsync(&seen[0], device.data(), 4, cudaMemcpyDeviceToHost, blocking),
              cudaSuccess);
    EXPECT_EQ(cudaMemsetAsync(device.data(), 2, 4, nullptr), cudaSuccess);
    EXPECT_EQ(cudaMemcpyAsync(&seen[1], device.data(), 4, cudaMemcpyDeviceToHost, blocking),
              cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(blocking), cudaSuccess);
    EXPECT_EQ(seen[0], 0x01010101);
    EXPECT_EQ(seen[1], 0x02020202);
    EXPECT_EQ(cudaStreamDestroy(blocking), cudaSuccess);
  }
}

TEST_F(Runtime, AsksUntilItIsDone) {
  const DeviceArray<int> device(1);
  ASSERT_EQ(cudaMemsetAsync(device.data(), 1, 4, streams_[0]), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event_, streams_[0]), cudaSuccess);
  int asked = 1;
  while (cudaEventQuery(event_) == cudaErrorNotReady) ++asked;
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

// Records a copy of `from` to `to` by way of the second stream.
void record(cudaStream_t (&streams)[2], cudaEvent_t event, int* to, const int* from, bool join) {
  EXPECT_EQ(cudaStreamBeginCapture(streams[0], cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event, streams[0]), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(streams[1], event), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(to, from, 4, cudaMemcpyDefault, streams[1]), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(event, streams[1]), cudaSuccess);
  if (join) {
    EXPECT_EQ(cudaStreamWaitEvent(streams[0], event), cudaSuccess);
  }
  EXPECT_EQ(cudaMemsetAsync(to + 1, 3, 4, streams[0]), cudaSuccess);
}

TEST_F(Runtime, ReplaysAGraph) {
  const DeviceArray<int> from(std::vector<int>{7}), to(std::vector<int>{0, 0});
  record(streams_, event_, to.data(), from.data(), true);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(streams_[0], &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(to.values(), (std::vector<int>{0, 0})) << "nothing runs before the launch";
  for (int run = 0; run < 3; ++run) {
    const int value = 8 + run;
    EXPECT_EQ(cudaMemcpyAsync(from.data(), &value, 4, cudaMemcpyHostToDevice, streams_[0]),
              cudaSuccess);
    EXPECT_EQ(cudaGraphLaunch(exec, streams_[0]), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(streams_[0]), cudaSuccess);
    EXPECT_EQ(to.values(), (std::vector<int>{value, 0x03030303}));
  }
  EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
}

TEST_F(Runtime, RefusesACaptureThatIsNotJoined) {
  const DeviceArray<int> from(1), to(2);
  record(streams_, event_, to.data(), from.data(), false);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(streams_[0], &graph), cudaErrorStreamCaptureUnjoined);
  EXPECT_EQ(graph, nullptr);
}

TEST_F(Runtime, SpoilsACaptureByWaiting) {
  ASSERT_EQ(cudaStreamBeginCapture(streams_[0], cudaStreamCaptureModeGlobal), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(streams_[0]), cudaErrorStreamCaptureUnsupported);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(streams_[0], &graph), cudaErrorStreamCaptureInvalidated);
}

TEST_F(Runtime, HasNoGraphsWhereToldSo) {
  configure({.graphs = false});
  EXPECT_EQ(cudaStreamBeginCapture(streams_[0], cudaStreamCaptureModeGlobal),
            cudaErrorNotSupported);
}

TEST_F(Runtime, RefusesWrongCalls) {
  const DeviceArray<int> device(4);
  int host[5] = {};
  EXPECT_EQ(cudaMemcpy(device.data(), host, 20, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(host, device.data(), 16, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(host), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(device.data() + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  void* much = host;
  EXPECT_EQ(cudaMalloc(&much, settings().device_bytes + 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(much, nullptr);
}

TEST_F(Runtime, AnswersTheFaultOfAKernelWhenWaitedFor) {
  const Holdings before = holdings();
  {
    const DeviceArray<float> values(kSmallThreads);
    EXPECT_EQ(reverse(values.data(), values.data(), false, SmallMistake::divergent_barrier),
              cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
    EXPECT_EQ(cudaMemset(values.data(), 0, 4), cudaErrorLaunchFailure) << "until faults are taken";
    EXPECT_EQ(take_faults().size(), 1U);
    EXPECT_EQ(holdings().device_allocations, before.device_allocations + 1);
  }
  EXPECT_EQ(holdings().device_allocations, before.device_allocations);
}

TEST_F(Runtime, LimitsDynamicSharedMemory) {
  EXPECT_EQ(idle(48 * 1024, false), cudaSuccess);
  EXPECT_EQ(idle(48 * 1024 + 1, false), cudaErrorInvalidValue);
  EXPECT_EQ(idle(163 * 1024, true), cudaSuccess);
  EXPECT_EQ(idle(163 * 1024 + 1, true), cudaErrorInvalidValue);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

}  // namespace
}  // namespace allconv::simt
