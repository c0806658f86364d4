"""OpenVINO: latency hint with all threads, or throughput hint with a stream a thread."""

import numpy
import openvino

import onnx_file

NAME = "OpenVINO"
PRECISIONS = {"fp32": "f32", "bf16": "bf16"}


def version():
    return openvino.__version__.split("-")[0]


class _Requests:
    """One compiled network, a request for each `piece` images.

    With the throughput hint the requests are started together, and a stream a thread serves them.
    """

    def __init__(self, job, hint, piece):
        streams = job.threads if hint == "THROUGHPUT" else 1
        core = openvino.Core()
        model = core.read_model(onnx_file.make_bytes(job.network, piece))
        self._compiled = core.compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": PRECISIONS[job.precision], "PERFORMANCE_HINT": hint,
            "NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(job.threads)})
        pieces = [numpy.ascontiguousarray(job.images[first:first + piece])
                  for first in range(0, job.batch_size, piece)]
        # Inputs are set once, and stay.
        self._requests = [self._compiled.create_infer_request() for _ in pieces]
        for request, images in zip(self._requests, pieces):
            request.set_input_tensor(openvino.Tensor(images, shared_memory=True))
        self._together = hint == "THROUGHPUT"

    def iterate(self):
        if not self._together:
            for request in self._requests:
                request.infer()
            return
        for request in self._requests:
            request.start_async()
        for request in self._requests:
            request.wait()

    def logits(self):
        self.iterate()
        return numpy.concatenate([request.get_tensor("logits").data.copy()
                                  for request in self._requests])

    def close(self):
        self._requests = self._compiled = None


def arrangements(job):
    """{what it is called: what makes it}."""
    ways = {"latency hint": lambda: _Requests(job, "LATENCY", job.batch_size)}
    if job.batch_size > 1:
        ways["latency hint, image by image"] = lambda: _Requests(job, "LATENCY", 1)
        ways["throughput hint, image by image"] = lambda: _Requests(job, "THROUGHPUT", 1)
    if job.threads > 1 and job.batch_size > 1 and job.batch_size % job.threads == 0:
        share = job.batch_size // job.threads
        ways["throughput hint, a share a stream"] = lambda: _Requests(job, "THROUGHPUT", share)
    return ways
