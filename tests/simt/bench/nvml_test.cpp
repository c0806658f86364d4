// GpuMonitor on libraries that stand in for NVML: one that answers, an older one, one that does not
// start, and one that is not there.
#include "engine/runtime/cuda/nvml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allconv::cuda {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAddress = "00000000:00:00.0";

TEST(GpuMonitor, TellsClocksPowerTemperatureAndThrottlingInWords) {
  GpuMonitor monitor(kAddress, NVML_WHOLE);
  const int before = monitor.read().sm_mhz.value();
  const GpuState state = monitor.read();
  EXPECT_EQ(state.sm_mhz, before - 15);
  EXPECT_EQ(state.memory_mhz, 1215);
  EXPECT_EQ(state.watts, 250.5);
  EXPECT_EQ(state.celsius, 61);
  EXPECT_THAT(
      state.slowed_by.value(),
      ElementsAre("software power cap", "hardware thermal slowdown", "unknown reasons 0x1000"));
  EXPECT_THAT(monitor.notes(), IsEmpty());
}

TEST(GpuMonitor, LeavesOutWhatAnOlderDriverDoesNotTell) {
  GpuMonitor monitor(kAddress, NVML_PARTIAL);
  monitor.read();
  const GpuState state = monitor.read();
  EXPECT_EQ(state.sm_mhz, 1980);
  EXPECT_FALSE(state.watts);
  EXPECT_FALSE(state.celsius);
  EXPECT_THAT(state.slowed_by.value(), IsEmpty());
  EXPECT_THAT(monitor.notes(), ElementsAre("power is not known: NVML: this driver does not tell it",
                                           "the temperature is not known: NVML: Not Supported"));
}

TEST(GpuMonitor, NotesWhatIsMissingOnce) {
  for (const auto& [library, why] : {std::pair(NVML_FAILING, "Driver Not Loaded"),
                                     std::pair("libno-such-library.so.1", "cannot open")}) {
    GpuMonitor monitor(kAddress, library);
    const GpuState state = monitor.read();
    EXPECT_FALSE(state.sm_mhz || state.watts || state.slowed_by);
    EXPECT_THAT(monitor.notes(), ElementsAre(HasSubstr(why)));
  }
}

TEST(GpuMonitor, KnowsNoOtherGpu) {
  GpuMonitor monitor("00000000:17:00.0", NVML_WHOLE);
  EXPECT_FALSE(monitor.read().sm_mhz);
  EXPECT_THAT(monitor.notes(), ElementsAre(HasSubstr("Not Found")));
}

TEST(GpuMonitor, AsksByTheAddressThatTheRuntimeTells) { EXPECT_EQ(pci_bus_id(0), kAddress); }

}  // namespace
}  // namespace allconv::cuda
