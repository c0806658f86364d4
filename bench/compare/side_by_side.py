"""Single-threaded engines side by side, each with its share of the batch."""

import concurrent.futures
import dataclasses

import numpy


class SideBySide:
    """`make` makes the engine of one share. Each engine lives in a thread of its own, and releases
    Python's lock while it computes."""

    def __init__(self, job, make):
        self._workers = [concurrent.futures.ThreadPoolExecutor(1) for _ in range(job.threads)]
        shares = numpy.array_split(numpy.arange(job.batch_size), job.threads)
        jobs = [dataclasses.replace(job, batch_size=len(share), threads=1,
                                    images=job.images[share], labels=job.labels[share])
                for share in shares]
        self._engines = [worker.submit(make, part).result()
                         for worker, part in zip(self._workers, jobs)]

    def iterate(self):
        running = [worker.submit(engine.iterate)
                   for worker, engine in zip(self._workers, self._engines)]
        for each in running:
            each.result()

    def logits(self):
        return numpy.concatenate([worker.submit(engine.logits).result()
                                  for worker, engine in zip(self._workers, self._engines)])

    def close(self):
        for worker, engine in zip(self._workers, self._engines):
            worker.submit(engine.close).result()
            worker.shutdown()


def can_share(job):
    return 1 < job.threads <= job.batch_size
