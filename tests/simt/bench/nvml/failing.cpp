// A stand-in for an NVML that does not start.
extern "C" {

int nvmlInit_v2() { return 9; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int result) { return result == 9 ? "Driver Not Loaded" : "?"; }
int nvmlDeviceGetHandleByPciBusId_v2(const char*, void**) { return 9; }
}
