// A stand-in for an older NVML: it knows no power, throttling by its older name alone, and the
// temperature cannot be read.
extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int) { return "Not Supported"; }

int nvmlDeviceGetHandleByPciBusId_v2(const char*, void** device) {
  static int gpu;
  *device = &gpu;
  return 0;
}
int nvmlDeviceGetClockInfo(void*, int which, unsigned* megahertz) {
  *megahertz = which == 1 ? 1980 : 2619;
  return 0;
}
int nvmlDeviceGetTemperature(void*, int, unsigned*) { return 3; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* reasons) {
  *reasons = 0;
  return 0;
}
}
