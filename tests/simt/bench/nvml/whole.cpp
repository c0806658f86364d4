// A stand-in for NVML that answers everything: of one GPU, at the address of the emulated one.
#include <cstring>

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int result) { return result == 6 ? "Not Found" : "Unknown Error"; }

int nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** device) {
  static int gpu;
  *device = &gpu;
  return std::strcmp(address, "00000000:00:00.0") == 0 ? 0 : 6;
}

// Each question finds the clock of the multiprocessors 15 MHz lower.
int nvmlDeviceGetClockInfo(void*, int which, unsigned* megahertz) {
  static unsigned asked = 0;
  *megahertz = which == 1 ? 1410 - 15 * asked++ : 1215;
  return 0;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = 250500;
  return 0;
}
int nvmlDeviceGetTemperature(void*, int, unsigned* celsius) {
  *celsius = 61;
  return 0;
}
int nvmlDeviceGetCurrentClocksEventReasons(void*, unsigned long long* reasons) {
  *reasons = 0x4 | 0x40 | 0x1000;
  return 0;
}
}
