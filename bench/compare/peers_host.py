"""The process that holds engines from PyPI: one JSON order a line on stdin, one answer on stdout.

    {"do": "open", "engine": ..., "model": FILE, "images": FILE, "labels": FILE, "mode": ...,
     "batch_size": ..., "threads": ..., "precision": ..., "trial_seconds": ..., "logits": FILE,
     "gradient": FILE}
    {"do": "turn", "engine": ..., "seconds": ...}
    {"do": "close", "engine": ...}
    {"do": "versions"}

`open` tries the engine's arrangements and keeps the fastest; the logits of the one that stays (and
its gradient, but in inference) are written as float32 before anything is trained.
"""

import importlib
import json
import os
import signal
import sys
import time

import network
from turns import PARK_SECONDS

MODULES = {"ONNX Runtime": "peer_onnxruntime", "OpenVINO": "peer_openvino", "ncnn": "peer_ncnn",
           "PyTorch": "peer_pytorch", "Captum": "peer_captum"}


def take_turn(engine, seconds):
    """Images are not counted here: iterations and their seconds, after one that wakes threads."""
    engine.iterate()
    iterations, start = 0, time.perf_counter()
    while True:
        engine.iterate()
        iterations += 1
        spent = time.perf_counter() - start
        if spent >= seconds:
            return {"iterations": iterations, "seconds": spent}


class Host:
    def __init__(self):
        self._engines = {}
        self._faults = {}

    def versions(self, order):
        versions = {}
        for name in order["engines"]:
            try:
                versions[name] = importlib.import_module(MODULES[name]).version()
            except ImportError:
                continue
        return {"versions": versions}

    def open(self, order):
        peer = importlib.import_module(MODULES[order["engine"]])
        job = network.read_job(order)
        rates, best = {}, None
        for name, make in peer.arrangements(job).items():
            try:
                engine = make()
                logits = engine.logits()
            except Exception as error:  # of whatever kind: the other arrangements go on
                print(f"{order['engine']}, {name}: {error}", file=sys.stderr)
                continue
            gradient = engine.gradient() if job.mode != "inference" else None
            rates[name] = self._trial(engine, job, order["trial_seconds"])
            if best is None or rates[name] > rates[best[0]]:
                if best is not None:
                    best[1].close()
                best = name, engine, logits, gradient
            else:
                engine.close()
        if best is None:
            raise RuntimeError("no arrangement of it works here")
        self._keep(order, best)
        return {"arrangement": best[0], "trials": rates}

    @staticmethod
    def _trial(engine, job, seconds):
        rates = []
        for _ in range(2):
            time.sleep(PARK_SECONDS)
            turn = take_turn(engine, seconds)
            rates.append(job.batch_size * turn["iterations"] / turn["seconds"])
        return max(rates)

    def _keep(self, order, best):
        _, engine, logits, gradient = best
        self._engines[order["engine"]] = engine
        logits.astype("<f4").tofile(order["logits"])
        if gradient is not None:
            gradient.astype("<f4").tofile(order["gradient"])

    def turn(self, order):
        return take_turn(self._engines[order["engine"]], order["seconds"])

    def close(self, order):
        self._engines.pop(order["engine"]).close()
        return {}


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # of a terminal: the driver says what ended
    # Libraries print what they like: answers have a stream of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    host = Host()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(host, order["do"])(order)
        except Exception as error:  # the driver names it and leaves the engine out
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
