"""device_tests lists its tests without a GPU, and runs none: one sentence, exit code 5.

Usage: start_test.py DEVICE_TESTS
"""

import subprocess
import sys


def run(*arguments):
    return subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, timeout=120,
                          check=False)


def main():
    listed = run("--gtest_list_tests")
    assert listed.returncode == 0, listed.stderr
    for suite in ("conv2d_forward.", "Networks/OnGpu.", "Precisions/Overlap.", "Device."):
        assert f"\n{suite}\n" in "\n" + listed.stdout, suite
    assert "wide_fp16" in listed.stdout, "wide networks are for devices"
    facts = run("--gtest_filter=Device.Facts")
    if facts.returncode == 0:  # here is a GPU
        return
    assert facts.returncode == 5, facts.stdout + facts.stderr
    sentences = facts.stderr.strip().splitlines()
    assert len(sentences) == 1 and sentences[0].startswith("device_tests: "), facts.stderr
    assert "; " in sentences[0], "it says how to mend"


main()
