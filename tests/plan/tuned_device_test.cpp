// What a program knows of the CPU's kernels: which tuning files serve. Of GPUs see tests/simt.
#include "engine/plan/tuned_device.hpp"

#include <gtest/gtest.h>

#include "engine/runtime/cpu/device.hpp"
#include "engine/support/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace allconv {
namespace {

TuningFile file_of(const std::string& device) {
  TuningFile file(device);
  file.add({.operation = "conv2d_forward", .problem = "n1", .candidates = {{"reference", 1}}});
  return file;
}

TEST(TunedDevice, TakesTheFileOfItsCpuAlone) {
  const TemporaryFolder folder;
  const std::string path = folder / "tuning.json";
  std::vector<std::string> said;
  const TuningSettings settings = {
      .path = path,
      .diagnostics = [&](Severity, std::string_view text) { said.emplace_back(text); }};
  TunedDevice device({}, {.threads = 3}, "here");
  EXPECT_EQ(device.text(), "cpu (" + device_text() + "), 3 threads, fp32");

  file_of("another CPU, avx2").write(path);
  device.tune(settings);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0], path + ": was measured on another CPU, avx2, so it is not used");
  EXPECT_EQ(device.known(), nullptr);
  EXPECT_EQ(device.plan_options().tuning, nullptr);

  file_of(device_text()).write(path);
  device.tune(settings);
  EXPECT_EQ(said.size(), 1U);
  EXPECT_EQ(device.plan_options().tuning, device.known());
  ASSERT_NE(device.known(), nullptr);
  EXPECT_EQ(device.known()->fastest("conv2d_forward", "n1"), "reference");
}

TEST(TunedDevice, MultipliesBf16WhereTheCpuHasTiles) {
  using enum kernels::Precision;
  const auto ask = [](const DeviceSettings& settings) {
    return [settings] { TunedDevice({}, settings, "here"); };
  };
  constexpr const char* kNoAmx =
      "here: the CPU computes in bf16 by AMX alone, which is not available; give fp32";
  EXPECT_EQ(error_of(ErrorKind::device, ask({.precision = fp16, .limits = {.isa = {}}})),
            "here: the CPU does not compute in fp16; give fp32");
  const DeviceSettings limited{.precision = bf16, .limits = {.isa = kernels::Isa::portable}};
  EXPECT_EQ(error_of(ErrorKind::device, ask(limited)), kNoAmx);
  if (!kernels::has_tiles()) {
    EXPECT_EQ(error_of(ErrorKind::device, ask({.precision = bf16})), kNoAmx);
    return;
  }
  const TunedDevice device({}, {.precision = bf16}, "here");
  EXPECT_EQ(device.text(), "cpu (" + device_text() + "), 1 thread, bf16");
  EXPECT_EQ(device.tuning_name(), device_text() + ", bf16");
  EXPECT_EQ(device.plan_options().limits.precision, bf16);
}

}  // namespace
}  // namespace allconv
