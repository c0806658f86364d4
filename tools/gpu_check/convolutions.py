"""Parts that put the kernels for one problem side by side: ours, and each way of the libraries."""

from execution import run
from measurements import failure, json_of, library_notes
from nvidia_smi import Monitor
from records import PASS

OPERATIONS = ("conv2d_forward", "conv2d_data_gradient", "conv2d_weight_gradient")
CACHES = ("hot", "cold")


def measure(context, operation, precision, problem, limit):
    """Once with tensors in the GPU's cache, once with the cache emptied before each run."""
    result = {"status": PASS, "seconds": 0, "figures": {}, "while_running": {}}
    notes = []
    for cache in CACHES:
        command = context.programs.command(
            "allconv", "bench", "--operation", operation, "--problem", problem, "--device", "cuda",
            "--precision", precision, "--cache", cache, "--iterations",
            context.arguments.iterations, "--results-format", "json")
        with Monitor(context.gpu) as monitor:
            finished = run(command, limit - result["seconds"])
        if finished.code != 0:
            return failure(f"{operation} {precision} {problem}, {cache}", finished)
        figures = json_of(finished.output)
        result["seconds"] = round(result["seconds"] + finished.seconds, 2)
        result["command"] = " ".join(map(str, command))
        result["figures"][cache] = figures
        result["while_running"][cache] = monitor.summary()
        notes += figures["gpu"]["notes"]
    return {**result, **library_notes(notes)}


def is_of_library(kernel):
    """By the row's name, behind which a library's way may stand."""
    return kernel["name"].partition(",")[0].endswith(("_cudnn", "_cublaslt"))


def timed(figures):
    return [kernel for kernel in figures["kernels"] if "milliseconds" in kernel]


def fastest(kernels):
    """None of none."""
    return min(kernels, key=lambda kernel: kernel["milliseconds"]["median"], default=None)
