"""ncnn in fp32, which knows no batches: image by image on all threads, or one worker a core."""

import concurrent.futures
import pathlib
import tempfile

import ncnn
import numpy

import ncnn_files

NAME = "ncnn"


def version():
    return ncnn.__version__


def _net(job, threads):
    net = ncnn.Net()
    options = net.opt
    options.num_threads = threads
    options.use_winograd_convolution = options.use_sgemm_convolution = True
    options.use_packing_layout = options.lightmode = True
    options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = False
    options.use_bf16_storage = options.use_int8_inference = options.use_vulkan_compute = False
    with tempfile.TemporaryDirectory() as folder:
        param, weights = pathlib.Path(folder, "net.param"), pathlib.Path(folder, "net.bin")
        param.write_text(ncnn_files.make_param(job.network), encoding="ascii")
        weights.write_bytes(ncnn_files.make_bin(job.network))
        if net.load_param(str(param)) != 0 or net.load_model(str(weights)) != 0:
            raise RuntimeError("ncnn could not load its own form of the network")
    return net


class _Workers:
    """Nets side by side, which share the images."""

    def __init__(self, job, count):
        self._nets = [_net(job, job.threads // count) for _ in range(count)]
        self._images = [ncnn.Mat(image).clone() for image in job.images]
        self._workers = concurrent.futures.ThreadPoolExecutor(count) if count > 1 else None

    def _run(self, index):
        for image in self._images[index::len(self._nets)]:
            self._extract(self._nets[index], image, "probabilities")

    @staticmethod
    def _extract(net, image, name):
        extractor = net.create_extractor()
        extractor.input("images", image)
        code, result = extractor.extract(name)
        if code != 0:
            raise RuntimeError(f"ncnn's extract returned {code}")
        return result

    def iterate(self):
        if self._workers is None:
            self._run(0)
        else:
            list(self._workers.map(self._run, range(len(self._nets))))

    def logits(self):
        return numpy.stack([numpy.array(self._extract(self._nets[0], image, "logits_out"))
                            for image in self._images])

    def close(self):
        if self._workers is not None:
            self._workers.shutdown()
        self._images = self._nets = None


def arrangements(job):
    """{what it is called: what makes it}."""
    ways = {f"image by image, {job.threads} threads": lambda: _Workers(job, 1)}
    if job.threads > 1 and job.batch_size > 1:
        ways[f"{job.threads} workers of one thread"] = lambda: _Workers(job, job.threads)
    return ways
