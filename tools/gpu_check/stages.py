"""The stages in their order, and the parts of each: what runs, and for how long it may."""

import dataclasses
import functools
import shutil
import time
import typing

import convolutions
import google_tests
import measurements
import nvidia_smi
import tuner
from execution import Programs, Unusable
from records import FAIL, UNAVAILABLE

_SANITIZER_ERROR = 86  # exit code of compute-sanitizer where it found something
_FACTS = "Device.Facts"


@dataclasses.dataclass
class Context:
    programs: Programs
    facts: dict  # of the device
    arguments: typing.Any  # the command line's
    tell: typing.Callable

    @property
    def gpu(self):
        """By what nvidia-smi knows it."""
        return self.facts.get("uuid", "0")


@dataclasses.dataclass(frozen=True)
class Part:
    name: str
    limit: float  # seconds
    run: typing.Callable  # (limit) -> result


@dataclasses.dataclass(frozen=True)
class Stage:
    name: str
    about: str
    parts: typing.Callable  # (context) -> [Part]


def device_facts(programs):
    """What the runtime says of the device; Unusable with exit code 5 where there is none."""
    result = google_tests.run_tests(programs, [f"--gtest_filter={_FACTS}"], 120)
    if result["status"] == FAIL:
        raise Unusable(f"device_tests: {result['failures'][0]['text'].strip()}", 5)
    return result["properties"][_FACTS]


def device_text(facts):
    return f"{facts['gpu']}, sm_{facts['capability']}, driver for CUDA {facts['driver_cuda']}"


def _device_parts(context):
    def read(limit):
        result = google_tests.run_tests(context.programs, [f"--gtest_filter={_FACTS}"], limit)
        return {**result, "nvidia_smi": nvidia_smi.facts(context.gpu)}
    return [Part("facts", 120, read)]


def _tests_part(context, name, limit, *arguments):
    return Part(name, limit,
                functools.partial(google_tests.run_tests, context.programs, list(arguments)))


def _is_operation(suite):
    """Suites of operations have the operations' names, others are CamelCase."""
    return suite[0].islower()


def _operation_parts(context):
    suites = google_tests.listed(context.programs)
    own = [suite for suite in suites
           if not _is_operation(suite) and "/" not in suite and suite != "Device"]
    # Of cuDNN and cuBLASLt: a fault of theirs is to cost no other test.
    of_libraries = [suite for suite in own if suite.startswith("Library")]
    parts = {"details": [suite for suite in own if suite not in of_libraries],
             "libraries": of_libraries}
    return [*(_tests_part(context, name, 240,
                          "--gtest_filter=" + ":".join(f"{suite}.*" for suite in suites_of_part))
              for name, suites_of_part in parts.items() if suites_of_part),
            *(_tests_part(context, suite, 240, f"--operation={suite}")
              for suite in suites if _is_operation(suite))]


def _full_operation_parts(context):
    """One part an operation and a precision: the CPU's reference takes its time."""
    parts = []
    for suite, names in google_tests.listed(context.programs, "--full", "--data=reals").items():
        if not _is_operation(suite):
            continue
        variants = dict.fromkeys(name.split("/")[2] for name in names if name.count("/") == 3)
        parts += [_tests_part(context, f"{suite} {variant}", 400, f"--operation={suite}", "--full",
                              f"--variant={variant}", "--data=reals") for variant in variants]
    return parts


def _sanitized(programs, tool, arguments, limit):
    sanitizer = shutil.which("compute-sanitizer") or "/usr/local/cuda/bin/compute-sanitizer"
    if not shutil.which(sanitizer):
        return {"status": UNAVAILABLE, "seconds": 0, "note": "compute-sanitizer is not installed: "
                "it comes with the CUDA toolkit"}
    prefix = [sanitizer, "--tool", tool, "--error-exitcode", str(_SANITIZER_ERROR)]
    return google_tests.run_tests(programs, arguments, limit, prefix)


def _sanitizer_parts(tool, context):
    suites = [suite for suite in google_tests.listed(context.programs) if _is_operation(suite)]
    selected = {suite: [f"--operation={suite}", "--data=integers"] for suite in suites}
    selected["networks"] = ["--gtest_filter=*OnGpu*narrow_fp32:*OnGpu*narrow_fp16:CudaExecutor.*"]
    return [Part(name, 240, functools.partial(_sanitized, context.programs, tool, arguments))
            for name, arguments in selected.items()]


def _network_parts(context):
    suites = google_tests.listed(context.programs, "--gtest_filter=*OnGpu*")
    subjects = dict.fromkeys(name.split("/")[1] for names in suites.values() for name in names
                             if "/" in name)
    return [*(_tests_part(context, subject, 200, f"--gtest_filter=Networks/OnGpu.*/{subject}")
              for subject in subjects),
            *(Part(f"scores {precision}", 100,
                   functools.partial(measurements.compare_scores, context, precision))
              for precision in measurements.PRECISIONS)]


def _overlap_parts(context):
    suites = google_tests.listed(context.programs, "--gtest_filter=*Overlap*")
    return [_tests_part(context, name, 120, f"--gtest_filter={suite}.{name}")
            for suite, names in suites.items() for name in names]


def _tune_parts(context):
    return [Part(f"{name} {precision}", 200, functools.partial(run_part, context, precision))
            for precision in measurements.PRECISIONS
            for name, run_part in (("tune", tuner.tune), ("again", tuner.use_again))]


def _convolution_parts(context):
    return [Part(f"{operation} {precision} {problem}", 100,
                 functools.partial(convolutions.measure, context, operation, precision, problem))
            for problem in context.arguments.problems for operation in convolutions.OPERATIONS
            for precision in measurements.PRECISIONS]


def _bench_parts(context):
    return [Part(f"{mode} {precision} batch {size}", 100,
                 functools.partial(measurements.measure, context, mode, precision, size))
            for mode in measurements.MODES for precision in measurements.PRECISIONS
            for size in context.arguments.batch_sizes]


STAGES = (
    Stage("device", "name, clocks, memory, driver and runtime", _device_parts),
    Stage("operations", "every kernel against its reference, quick problems", _operation_parts),
    *(Stage(tool, f"compute-sanitizer's {tool}, on a part of these and on small networks",
            functools.partial(_sanitizer_parts, tool))
      for tool in ("memcheck", "racecheck", "synccheck", "initcheck")),
    Stage("networks", "whole networks against the CPU: inference, training, explanation, scores",
          _network_parts),
    Stage("overlap", "the time that slots and graphs of launches save", _overlap_parts),
    Stage("tune", "the tuner of kernels: from nothing, and once more with what it has learned",
          _tune_parts),
    Stage("convolutions", "our kernels beside the libraries' on problems of the network",
          _convolution_parts),
    Stage("bench", "images a second, with clocks, power and share of peak", _bench_parts),
    Stage("full-operations", "the networks' own problems against the reference; takes long",
          _full_operation_parts),
)


def run(stage, record, context):
    """Runs what has not passed, as long as the stage has time. A part that only the stage's end has
    cut short is left for the next time, when it comes first."""
    parts = stage.parts(context)
    ends = time.monotonic() + context.arguments.stage_seconds
    has_begun = False
    for number, part in enumerate(parts, 1):
        if record.has_passed(part.name) or not _is_wanted(part, context):
            continue
        limit = min(part.limit, ends - time.monotonic())
        if has_begun and limit <= 0:
            break
        context.tell(f"{stage.name} {number}/{len(parts)}: {part.name}")
        result = part.run(limit=limit)
        if has_begun and result.pop("timed_out", False) and limit < part.limit:
            break
        record.put(part.name, result)
        has_begun = True
    record.close([part.name for part in parts])


def _is_wanted(part, context):
    wanted = context.arguments.parts
    return not wanted or wanted in part.name
