"""What nvidia-smi says of clocks, power and throttling, while something runs."""

import shutil
import statistics
import subprocess
import tempfile

from execution import end_group, run

# By which name the driver tells the reasons of lower clocks has changed: the first that works.
_REASONS = ("clocks_event_reasons.active", "clocks_throttle_reasons.active")
_FIELDS = {"sm_mhz": "clocks.sm", "memory_mhz": "clocks.mem", "watts": "power.draw",
           "celsius": "temperature.gpu", "busy_percent": "utilization.gpu"}
_IDLE_REASON = 0x1
_REASON_NAMES = {0x4: "power cap", 0x8: "hardware slowdown", 0x20: "thermal (software)",
                 0x40: "thermal (hardware)", 0x80: "power brake"}
_PERIOD_MS = 200


def _program():
    return shutil.which("nvidia-smi")


def _query(names):
    return [f"--query-gpu={','.join(names)}", "--format=csv,noheader,nounits"]


def _choose_reasons(gpu):
    """The name of the field of reasons; None where there is none."""
    for name in _REASONS:
        if run([_program(), "-i", gpu, *_query([name])], 30).code == 0:
            return name
    return None


def facts(gpu):
    """{} where there is no nvidia-smi."""
    names = ["driver_version", "power.limit", "clocks.max.sm", "clocks.max.mem", "persistence_mode",
             "ecc.mode.current", "vbios_version"]
    if not _program():
        return {}
    finished = run([_program(), "-i", gpu, *_query(names)], 30)
    values = finished.output.strip().split(", ")
    if finished.code != 0 or len(values) != len(names):
        return {}
    return dict(zip(names, values))


def _summary(values):
    return {"least": min(values), "median": statistics.median(values), "most": max(values)}


def _numbers(texts):
    numbers = []
    for text in texts:
        try:
            numbers.append(float(text))
        except ValueError:  # "[N/A]"
            pass
    return numbers


def summarised(rows, has_reasons):
    """Least, median and most of each column, and the names of the reasons seen."""
    summary = {}
    for column, name in enumerate(_FIELDS):
        numbers = _numbers([row[column] for row in rows])
        if numbers:
            summary[name] = _summary(numbers)
    reasons = set()
    if has_reasons:
        for row in rows:
            try:
                bits = int(row[len(_FIELDS)], 16) & ~_IDLE_REASON
            except ValueError:
                continue
            reasons |= {name for bit, name in _REASON_NAMES.items() if bits & bit}
        summary["throttled_by"] = sorted(reasons)
    summary["samples"] = len(rows)
    return summary


class Monitor:
    """Samples while the scope lasts. `gpu` is its UUID or number."""

    def __init__(self, gpu):
        self._gpu = gpu
        self._process = None
        self._output = None
        self._has_reasons = False

    def __enter__(self):
        if not _program():
            return self
        reasons = _choose_reasons(self._gpu)
        self._has_reasons = reasons is not None
        names = [*_FIELDS.values(), *([reasons] if reasons else [])]
        self._output = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [_program(), "-i", self._gpu, *_query(names), "-lms", str(_PERIOD_MS)],
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.DEVNULL,
            start_new_session=True)
        return self

    def __exit__(self, *_):
        if self._process:
            end_group(self._process)

    def summary(self):
        """After the scope. {} where nothing could be sampled."""
        if not self._output:
            return {}
        self._output.seek(0)
        lines = self._output.read().decode("utf-8", "replace").splitlines()
        self._output.close()
        width = len(_FIELDS) + self._has_reasons
        rows = [row for row in (line.split(", ") for line in lines) if len(row) == width]
        return summarised(rows, self._has_reasons) if rows else {}
