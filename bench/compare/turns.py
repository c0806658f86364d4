"""Turns in random order, what they say, and whether engines agree on their results."""

import array
import math
import random
import statistics
import time

PARK_SECONDS = 0.02   # thread pools fall asleep in this time
# Relative L2, by precision.
LIMITS = {"fp32": {"logits": 1e-4, "gradient": 1e-3}, "bf16": {"logits": 2e-2, "gradient": 1e-1}}


def relative_error(ours, theirs):
    """L2 norm of the difference, relative to theirs; infinite for other sizes and for NaN."""
    if len(ours) != len(theirs) or not ours:
        return math.inf
    difference = math.sqrt(math.fsum((mine - other) ** 2 for mine, other in zip(ours, theirs)))
    norm = math.sqrt(math.fsum(other * other for other in theirs))
    error = difference / max(norm, 1e-30)
    return math.inf if math.isnan(error) else error


def read_floats(path):
    values = array.array("f")
    values.frombytes(path.read_bytes())
    return values


def take_turns(engines, rounds, seed, take):
    """{engine: its rates}. take(engine) gives one; each round asks all, in an order of its own."""
    rates = {engine: [] for engine in engines}
    shuffled = random.Random(seed)
    for _ in range(rounds):
        order = list(engines)
        shuffled.shuffle(order)
        for engine in order:
            time.sleep(PARK_SECONDS)
            rates[engine].append(take(engine))
    return rates


def summary(rates):
    return {"median": statistics.median(rates), "least": min(rates), "most": max(rates)}


def ratios(medians, ours="allconv", direct="oneDNN"):
    """Our median over the best other engine's, and over oneDNN's; None where there is none."""
    others = {engine: rate for engine, rate in medians.items() if engine != ours}
    best = max(others, key=others.get, default=None)
    return {"best_peer": best,
            "ratio_to_best": medians[ours] / others[best] if best else None,
            "ratio_to_onednn": medians[ours] / others[direct] if direct in others else None}
