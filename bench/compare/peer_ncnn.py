"""ncnn in fp32, which knows no batches: image by image on all threads, or a worker a thread."""

import pathlib
import tempfile

import ncnn
import numpy

import ncnn_files
from side_by_side import SideBySide, can_share

NAME = "ncnn"


def version():
    return ncnn.__version__


def _net(job, blobs, workspace):
    net = ncnn.Net()
    options = net.opt
    options.num_threads = job.threads
    options.use_winograd_convolution = options.use_sgemm_convolution = True
    options.use_packing_layout = options.lightmode = True
    options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
    options.use_bf16_storage = options.use_int8_inference = options.use_vulkan_compute = False
    options.blob_allocator, options.workspace_allocator = blobs, workspace
    with tempfile.TemporaryDirectory() as folder:
        param, weights = pathlib.Path(folder, "net.param"), pathlib.Path(folder, "net.bin")
        param.write_text(ncnn_files.make_param(job.network), encoding="ascii")
        weights.write_bytes(ncnn_files.make_bin(job.network))
        if net.load_param(str(param)) != 0 or net.load_model(str(weights)) != 0:
            raise RuntimeError("ncnn could not load its own form of the network")
    return net


class _Images:
    """One image after the other; threads share an image."""

    def __init__(self, job):
        # Pools keep memory from image to image; the net borrows them.
        self._pools = ncnn.UnlockedPoolAllocator(), ncnn.PoolAllocator()
        self._net = _net(job, *self._pools)
        self._images = [ncnn.Mat(image).clone() for image in job.images]

    def _extract(self, image, name):
        extractor = self._net.create_extractor()
        extractor.input("images", image)
        code, result = extractor.extract(name)
        if code != 0:
            raise RuntimeError(f"ncnn's extract returned {code}")
        return result

    def iterate(self):
        for image in self._images:
            self._extract(image, "probabilities")

    def logits(self):
        return numpy.stack([numpy.array(self._extract(image, "logits_out"))
                            for image in self._images])

    def close(self):
        self._images = self._net = None


def arrangements(job):
    """{what it is called: what makes it}."""
    ways = {"image by image": lambda: _Images(job)}
    if can_share(job):
        ways["a worker a thread"] = lambda: SideBySide(job, _Images)
    return ways
