"""What a process sees: Ctrl-C, forks, memory that comes back, modules that are not loaded."""

import os
import signal
import subprocess
import sys
import time
import unittest

from checks import SHIPPED, Check, environment, main

PREPARE = """
import sys, time, numpy as np, allconv
model = allconv.load(sys.argv[1])
images = np.zeros((20000, 32, 32, 3), np.uint8)
print("ready", flush=True)
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


class InterruptTest(Check):
    def interrupt(self, call):
        """Seconds from the signal to the program's end."""
        with subprocess.Popen([sys.executable, "-B", "-c", PREPARE.format(call=call), SHIPPED],
                              env=environment(), stdout=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), "ready\n")
            time.sleep(1.5)
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.stdout.read(), "interrupted\n")
            self.assertEqual(process.wait(60), 0)
        return time.monotonic() - start

    def test_training(self):
        call = "model.train(images, np.zeros(len(images), int), epochs=99, batch_size=32)"
        self.assertLess(self.interrupt(call), 5)

    def test_scores(self):
        self.assertLess(self.interrupt("model.score(images)"), 5)

    def test_explanations(self):
        self.assertLess(self.interrupt("model.explain(images, batch_size=16)"), 5)


LEAKS = """
import sys, numpy as np, allconv
images = np.zeros((2, 8, 8, 3), np.uint8)
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4  # KiB
def cycle(count):
    for _ in range(count):
        model = allconv.load(sys.argv[1])
        model.score(images, threads=1)
        model.explain(images, threads=1)
        model.state_dict()
        try:
            model.score(images[0, 0])
        except allconv.UsageError:
            pass
cycle(100)
before = resident()
cycle(1000)
print(resident() - before)
"""

FORK = """
import os, sys, numpy as np, allconv
model = allconv.load(sys.argv[1])
images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
wanted = model.score(images, threads=2)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(model.score(images, threads=2), wanted) else 9)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


class ProcessTest(Check):
    def tiny_model(self):
        from checks import tiny

        path = self.folder / "tiny.safetensors"
        tiny().save(path)
        return path

    def output(self, code, *arguments):
        result = self.python(code, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_memory_comes_back(self):
        self.assertLess(int(self.output(LEAKS, self.tiny_model())), 2048)  # KiB

    def test_a_forked_process_scores(self):
        self.assertEqual(self.output(FORK, self.tiny_model()), "0\n")

    def test_no_decoders_without_paths(self):
        code = ("import sys, numpy, allconv; allconv.load(sys.argv[1])"
                ".score(numpy.zeros((1, 8, 8, 3), numpy.uint8));"
                "print([m for m in ('allconv._decoders', 'torch', 'PIL') if m in sys.modules],"
                " 'allconv_images' in open('/proc/self/maps').read())")
        self.assertEqual(self.output(code, self.tiny_model()), "[] False\n")

    def test_nothing_is_printed(self):
        code = ("import sys, numpy, allconv; m = allconv.load(sys.argv[1]);"
                "m.train(numpy.zeros((9, 8, 8, 3), numpy.uint8), [0] * 9, epochs=2)")
        result = self.python(code, self.tiny_model())
        self.assertEqual((result.stdout, result.stderr), ("", ""))


if __name__ == "__main__":
    main()
