"""ONNX Runtime: every graph optimisation; one session of all threads, or one a thread."""

import concurrent.futures

import numpy
import onnxruntime

import onnx_file

NAME = "ONNX Runtime"


def version():
    return onnxruntime.__version__


def _session(job, batch_size, threads):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(onnx_file.make_bytes(job.network, batch_size), options,
                                        providers=["CPUExecutionProvider"])


class _Sessions:
    """`count` sessions side by side, which share the batch; each takes `piece` images at once."""

    def __init__(self, job, count, piece):
        self._sessions = [_session(job, piece, job.threads // count) for _ in range(count)]
        pieces = [job.images[first:first + piece] for first in range(0, job.batch_size, piece)]
        self._pieces = [pieces[index::count] for index in range(count)]
        self._workers = concurrent.futures.ThreadPoolExecutor(count) if count > 1 else None
        self._results = [[] for _ in range(count)]

    def _run(self, index):
        session = self._sessions[index]
        self._results[index] = [session.run(["logits", "probabilities"], {"images": piece})
                                for piece in self._pieces[index]]

    def iterate(self):
        if self._workers is None:
            self._run(0)
        else:
            list(self._workers.map(self._run, range(len(self._sessions))))

    def logits(self):
        self.iterate()
        count = len(self._results)
        pieces = sum(len(results) for results in self._results)
        return numpy.concatenate([self._results[index % count][index // count][0]
                                  for index in range(pieces)])

    def close(self):
        if self._workers is not None:
            self._workers.shutdown()


def arrangements(job):
    """{what it is called: what makes it}."""
    ways = {"one session": lambda: _Sessions(job, 1, job.batch_size)}
    if job.batch_size > 1:
        ways["one session, image by image"] = lambda: _Sessions(job, 1, 1)
    if job.threads > 1 and job.batch_size % job.threads == 0:
        half = job.batch_size // job.threads
        ways[f"{job.threads} sessions of one thread"] = lambda: _Sessions(job, job.threads, half)
        ways[f"{job.threads} sessions of one thread, image by image"] = (
            lambda: _Sessions(job, job.threads, 1))
    return ways
