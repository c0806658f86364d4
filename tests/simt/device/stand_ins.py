"""Programs that stand in for device_tests, nvidia-smi and compute-sanitizer."""

import stat
import sys

# Tests by name; a file beside it, `faults`, holds lines `NAME fails|crashes|hangs|lacks`; who lacks
# something has a note. Those that are run are added to the file `ran`.
DEVICE_TESTS = """
import fnmatch, json, os, pathlib, signal, sys, time
folder = pathlib.Path(__file__).parent
TESTS = ["Coverage.All", "Device.Facts", "alpha.a/n1/fp32/reals", "alpha.b/n1/fp32/reals",
         "beta.a/n1/fp32/reals", "gamma.a/n1/fp16/reals"]
FACTS = {"gpu": "Stand-in", "capability": "80", "driver_cuda": "13.0", "uuid": "GPU-0",
         "peak_fp32": "1e12", "peak_tf32": "2e12", "peak_half": "4e12"}
flags = dict(word.lstrip("-").partition("=")[::2] for word in sys.argv[1:])
patterns = flags.get("gtest_filter", "*").split(":")
if "operation" in flags:
    patterns = [flags["operation"] + ".*"]
tests = [name for name in TESTS if any(fnmatch.fnmatch(name, one) for one in patterns)]
if "gtest_list_tests" in flags:
    for suite in dict.fromkeys(name.split(".")[0] for name in tests):
        print(suite + ".")
        for name in tests:
            if name.split(".")[0] == suite:
                print("  " + name.partition(".")[2])
    sys.exit(0)
faults = dict(line.split() for line in (folder / "faults").read_text().splitlines())
if "gpu" in faults:
    sys.stderr.write("device_tests: there is no CUDA GPU; use another machine\\n")
    sys.exit(5)
results, failed = [], False
for name in tests:
    print("[ RUN      ] " + name, flush=True)
    with open(folder / "ran", "a") as ran:
        ran.write(name + "\\n")
    fault = faults.get(name)
    if fault == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == "hangs":
        time.sleep(600)
    test = {"name": name.partition(".")[2], "result": "COMPLETED",
            **(FACTS if name == "Device.Facts" else {})}
    if fault == "lacks":
        test["note"] = "cuDNN is not used: no file\\ncuBLASLt is not used: no <file>\\n"
    if fault == "fails":
        failed = True
        test["failures"] = [{"failure": "dst differs <here>"}]
    results.append({"name": name.split(".")[0], "testsuite": [test]})
pathlib.Path(flags["gtest_output"].partition(":")[2]).write_text(
    json.dumps({"testsuites": results}))
sys.exit(failed)
"""

NVIDIA_SMI = """
import sys, time
if "clocks_event_reasons.active" in " ".join(sys.argv):
    sys.exit("Field is not valid")  # as older drivers say
values = {"clocks.sm": "1410", "clocks.mem": "1215", "power.draw": "250.5",
          "temperature.gpu": "61", "utilization.gpu": "[N/A]",
          "clocks_throttle_reasons.active": "0x0000000000000005"}
query = [word for word in sys.argv if word.startswith("--query-gpu")][0]
names = query.partition("=")[2].split(",")
while True:
    print(", ".join(values.get(name, "1") for name in names), flush=True)
    if "-lms" not in sys.argv:
        break
    time.sleep(0.05)
"""

# Finds something by racecheck, and nothing by the other tools.
SANITIZER = """
import subprocess, sys
tool = sys.argv[sys.argv.index("--tool") + 1]
at = sys.argv.index("--error-exitcode") + 1
code, command = int(sys.argv[at]), sys.argv[at + 1:]
result = subprocess.run(command).returncode
found = tool == "racecheck" and "alpha" in " ".join(command)
print("========= RACECHECK SUMMARY: 1 hazard" if found else "========= ERROR SUMMARY: 0 errors")
sys.exit(code if found else result)
"""


def write_program(path, source):
    path.write_text(f"#!{sys.executable}\n{source}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
