"""A network and its weights as the peers need them, read from a model file of this project."""

import dataclasses
import json
import struct

import numpy


@dataclasses.dataclass(frozen=True)
class Network:
    """`layers` as in the `allconv.network` JSON; `weights` holds (k,c,r,s) and (k) arrays."""
    name: str
    input: tuple  # channels, rows, columns
    layers: list
    weights: dict  # convolution's name -> (weights, bias)

    def classes(self):
        return [layer for layer in self.layers if layer["op"] == "conv2d"][-1]["filters"]


@dataclasses.dataclass(frozen=True)
class Job:
    """What one engine is to do, again and again."""
    network: Network
    mode: str  # inference, training, explain
    batch_size: int
    threads: int
    precision: str  # fp32; or bf16, of factors
    images: numpy.ndarray  # (batch, channels, rows, columns)
    labels: numpy.ndarray  # (batch)


def read_network(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    description = json.loads(header.pop("__metadata__")["allconv.network"])

    def tensor(name):
        first, last = header[name]["data_offsets"]
        values = numpy.frombuffer(data[first:last], dtype="<f4")
        return values.reshape(header[name]["shape"]).copy()

    names = [layer["name"] for layer in description["layers"] if layer["op"] == "conv2d"]
    weights = {name: (tensor(f"{name}.weight"), tensor(f"{name}.bias")) for name in names}
    return Network(description["name"], tuple(description["input"]), description["layers"], weights)


def read_job(order):
    """The job that an order to open an engine describes; its batch is a file of float32, NHWC."""
    network = read_network(order["model"])
    channels, rows, columns = network.input
    images = numpy.fromfile(order["images"], dtype="<f4")
    images = images.reshape(order["batch_size"], rows, columns, channels)
    return Job(network=network, mode=order["mode"], batch_size=order["batch_size"],
               threads=order["threads"], precision=order["precision"],
               images=numpy.ascontiguousarray(images.transpose(0, 3, 1, 2)),
               labels=numpy.fromfile(order["labels"], dtype="<i4").astype("int64"))
