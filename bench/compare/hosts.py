"""The processes that hold the engines, and the orders that they take."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

NATIVE = ("allconv", "oneDNN")
FROM_PYPI = ("ONNX Runtime", "OpenVINO", "ncnn", "PyTorch", "Captum")
MODES = {"inference": ("oneDNN", "ONNX Runtime", "OpenVINO", "ncnn", "PyTorch"),
         "training": ("oneDNN", "PyTorch"),
         "explain": ("Captum",)}  # beside this project, which has them all

# Who can multiply bf16 and sum in fp32; all multiply fp32.
BF16 = ("allconv", "OpenVINO", "PyTorch")

# oneDNN's names of our instruction sets, where they differ by more than capitals.
ONEDNN_ISA = {"avx512": "AVX512_CORE", "portable": "SSE41"}


class HostError(Exception):
    """A host refused an order, or ended."""


class Host:
    """One process; orders are answered one after the other."""

    def __init__(self, command, environment):
        self._name = pathlib.Path(command[-1]).name
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True, env=environment)

    def ask(self, **order):
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise HostError(f"{self._name} ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise HostError(answer["error"])
        return answer

    def stop(self):
        """Ends the process and waits for it: nothing of it runs beside the next."""
        with contextlib.suppress(BrokenPipeError):  # of an order that it did not live to read
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Hosts:
    """Where each engine lives: two processes for all, or one for each.

    The two are those of this project with oneDNN, and of everything from PyPI.
    """

    def __init__(self, native, python, separate, isa=None):
        self._commands = {"native": [str(native)]}
        if python is not None:
            script = pathlib.Path(__file__).with_name("peers_host.py")
            self._commands["pypi"] = [str(python), "-B", "-W", "ignore", str(script)]
        self._separate = separate
        # What comes from PyPI keeps its own choice, though oneDNN stands in some of it.
        self._environments = {"native": dict(os.environ), "pypi": dict(os.environ)}
        if isa is not None:
            self._environments["native"]["ONEDNN_MAX_CPU_ISA"] = ONEDNN_ISA.get(isa, isa.upper())
        self._isa = isa
        self._running = {}

    def of(self, engine):
        """The host of one engine, started when it is first asked for."""
        kind = "native" if engine in NATIVE else "pypi"
        if kind not in self._commands:
            raise HostError("there is no venv")
        key = engine if self._separate else kind
        if key not in self._running:
            self._running[key] = Host(self._commands[kind], self._environments[kind])
        return self._running[key]

    def versions(self, precision):
        """{engine: version} of what is there, and the facts of the machine."""
        found = self.of("allconv").ask(do="versions", isa=self._isa, precision=precision)
        versions, machine = dict(found["versions"]), found
        if "pypi" in self._commands:
            peers = self.of(FROM_PYPI[0]).ask(do="versions", engines=FROM_PYPI)
            versions.update(peers["versions"])
        self.stop()  # a process that has imported everything would not be a separate one
        return versions, {key: machine[key] for key in ("device", "cores")}

    def stop(self):
        for host in self._running.values():
            host.stop()
        self._running = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def say(text):
    print(f"tools/compare: {text}", file=sys.stderr, flush=True)
