"""Which networks, modes, batches and threads are compared."""

import dataclasses

MAIN = ("all-cnn-c head=valid", "all-cnn-c head=same")
OTHERS = tuple(f"{base}-{letter}" for letter in "abc"
               for base in ("model", "strided-cnn", "convpool-cnn", "all-cnn")
               if (base, letter) != ("all-cnn", "c")) + ("all-cnn-b-imagenet",)
MODES = ("inference", "training", "explain")
BATCH_SIZES = {"inference": (1, 8, 32, 128), "training": (32, 128), "explain": (1, 32)}
THREADS = {"inference": (1, 2), "training": (2,), "explain": (2,)}


@dataclasses.dataclass(frozen=True)
class Cell:
    network: str   # its name
    options: str   # of the network, "head=same"; may be empty
    mode: str
    batch_size: int
    threads: int

    def __str__(self):
        name = f"{self.network} {self.options}".strip()
        return f"{name}, {self.mode}, batch {self.batch_size}, threads {self.threads}"


def chosen_networks(text):
    """Of `--networks`: main, all, or names with commas."""
    if text == "main":
        return MAIN
    if text == "all":
        return MAIN + OTHERS
    return tuple(text.split(","))


def make_cells(networks, modes=None, batch_sizes=None, threads=None):
    """None: what the project reports, which for the networks beside the main one is inference."""
    cells = []
    for network in networks:
        name, _, options = network.partition(" ")
        known = MODES if network in MAIN else ("inference",)
        for mode in modes or known:
            cells += [Cell(name, options, mode, batch_size, count)
                      for batch_size in batch_sizes or BATCH_SIZES[mode]
                      for count in threads or THREADS[mode]]
    return cells
