"""ONNX Runtime: every graph optimisation; one session of all threads, or one a thread."""

import numpy
import onnxruntime

import onnx_file
from side_by_side import SideBySide, can_share

NAME = "ONNX Runtime"


def version():
    return onnxruntime.__version__


class _Session:
    """Takes `piece` images at once."""

    def __init__(self, job, piece):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads = job.threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            onnx_file.make_bytes(job.network, piece), options, providers=["CPUExecutionProvider"])
        self._pieces = [job.images[first:first + piece]
                        for first in range(0, job.batch_size, piece)]

    def iterate(self):
        return [self._session.run(["logits", "probabilities"], {"images": piece})
                for piece in self._pieces]

    def logits(self):
        return numpy.concatenate([logits for logits, _ in self.iterate()])

    def close(self):
        self._session = None


def _whole(job):
    return _Session(job, job.batch_size)


def _single(job):
    return _Session(job, 1)


def arrangements(job):
    """{what it is called: what makes it}."""
    ways = {"one session": lambda: _whole(job)}
    if job.batch_size > 1:
        ways["one session, image by image"] = lambda: _single(job)
    if can_share(job):
        ways["a session a thread"] = lambda: SideBySide(job, _whole)
        ways["a session a thread, image by image"] = lambda: SideBySide(job, _single)
    return ways
