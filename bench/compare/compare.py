"""Whole networks, this project and other engines in turn: see tools/compare --help."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import cells
import hosts
import tables
import turns
import peers_venv

OURS = "allconv"
TRIAL_SECONDS = 0.25  # of each arrangement, twice, before the turns

EXAMPLES = """examples:
  This project against oneDNN, on All-CNN-C, with what tools/setup installed:
    tools/compare -o results.json
  With ONNX Runtime, OpenVINO, ncnn, PyTorch and Captum from PyPI, some gigabytes:
    tools/compare --make-venv build/peers -o results.json --table table.md
  Again, each engine in a process of its own:
    tools/compare --venv build/peers --separate --table separate.md
  On a CPU with AMX, products of bf16 on all sides:
    tools/compare --venv build/peers --precision bf16
  Every CIFAR network and All-CNN-B at 224x224, inference:
    tools/compare --venv build/peers --networks all --modes inference
"""


def _names(text):
    return tuple(text.split(","))


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def _numbers(text):
    return tuple(_positive(word) for word in text.split(","))


def _modes(text):
    unknown = set(_names(text)) - set(cells.MODES)
    if unknown:
        raise argparse.ArgumentTypeError(
            f"'{unknown.pop()}' is none of {', '.join(cells.MODES)}")
    return _names(text)


def _engines(text):
    unknown = set(_names(text)) - set(hosts.NATIVE + hosts.FROM_PYPI)
    if unknown:
        raise argparse.ArgumentTypeError(
            f"'{unknown.pop()}' is none of {', '.join(hosts.NATIVE + hosts.FROM_PYPI)}")
    return _names(text)


def make_parser():
    parser = argparse.ArgumentParser(
        prog="tools/compare", description="Whole networks on this project and on other engines, "
        "which take turns; images per second, and how many times the others' rate ours is.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_argument_group("what is compared")
    what.add_argument("--networks", default="main", help="main: All-CNN-C with both heads; all: "
                      "every CIFAR network and all-cnn-b-imagenet too; or 'NAME,NAME head=same'")
    what.add_argument("--modes", type=_modes, help="inference,training,explain: by default all "
                      "of them for All-CNN-C, inference for other networks")
    what.add_argument("--batch-sizes", type=_numbers, metavar="N,N",
                      help="by default 1,8,32,128; training 32,128; explain 1,32")
    what.add_argument("--threads", type=_numbers, metavar="N,N",
                      help="by default 1,2; training and explain 2")
    what.add_argument("--engines", type=_engines, help="beside allconv, by default all that are "
                      f"there: {', '.join(hosts.NATIVE[1:] + hosts.FROM_PYPI)}")
    what.add_argument("--isa", help="portable, avx2 or avx512, of allconv and oneDNN")
    what.add_argument("--precision", choices=tuple(turns.LIMITS), default="fp32", help="bf16: of "
                      f"factors, where the CPU has AMX; on {', '.join(hosts.BF16)}")
    how = parser.add_argument_group("how")
    how.add_argument("--separate", action="store_true", help="a process for each engine")
    how.add_argument("--rounds", type=_positive, default=9, help="turns of each engine (9)")
    how.add_argument("--seconds", type=float, default=0.3, help="of a turn, at least (0.3)")
    how.add_argument("--seed", type=int, default=1, help="of the order of turns")
    how.add_argument("--venv", metavar="DIR", help="where the engines from PyPI are")
    how.add_argument("--make-venv", metavar="DIR", help="install them there first")
    how.add_argument("--host", default="build/release/compare_host", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", metavar="FILE", help="results as JSON")
    parser.add_argument("--table", metavar="FILE", help="the table, by default on stdout")
    return parser


class Disagreement(Exception):
    """An engine's results are not ours: its speed means nothing."""


class Comparison:
    def __init__(self, options, running, present, folder):
        self._options = options
        self._hosts = running
        self._present = present  # names of engines, ours first
        self._folder = folder

    def compare(self, cell):
        """One cell of the results. Raises Disagreement before anything is timed."""
        model = self._folder / "model.safetensors"
        self._hosts.of(OURS).ask(do="write_model", network=cell.network, options=cell.options,
                                 model=str(model))
        opened, left_out = {}, {}
        for engine in self._present:
            if engine not in (OURS, *hosts.MODES[cell.mode]):
                continue
            try:
                opened[engine] = self._open(engine, cell, model)
            except hosts.HostError as error:
                if engine == OURS:
                    raise
                left_out[engine] = str(error)
        errors = {engine: self._check(engine, cell) for engine in opened if engine != OURS}
        rates = turns.take_turns(list(opened), self._options.rounds, self._options.seed,
                                 lambda engine: self._turn(engine, cell))
        for engine in opened:
            self._hosts.of(engine).ask(do="close", engine=engine)
        return self._result(cell, opened, errors, rates) | {"left_out": left_out}

    def _path(self, engine, what):
        return self._folder / f"{engine.replace(' ', '_')}.{what}"

    def _open(self, engine, cell, model):
        for what in ("logits", "gradient"):
            self._path(engine, what).unlink(missing_ok=True)
        return self._hosts.of(engine).ask(
            do="open", engine=engine, model=str(model), images=str(self._folder / "images"),
            labels=str(self._folder / "labels"), mode=cell.mode, batch_size=cell.batch_size,
            threads=cell.threads, isa=self._options.isa,
            precision=self._options.precision,
            trial_seconds=min(TRIAL_SECONDS, self._options.seconds),
            logits=str(self._path(engine, "logits")),
            gradient=str(self._path(engine, "gradient")))

    def _check(self, engine, cell):
        errors = {}
        for what, limit in turns.LIMITS[self._options.precision].items():
            if what == "gradient" and cell.mode == "inference":
                continue
            ours, theirs = (turns.read_floats(self._path(each, what)) for each in (OURS, engine))
            errors[what] = turns.relative_error(ours, theirs)
            if errors[what] > limit:
                raise Disagreement(f"{cell}: {engine}'s {what} differ from ours by "
                                   f"{errors[what]:.1e}, more than {limit:.0e}")
        return errors

    def _turn(self, engine, cell):
        taken = self._hosts.of(engine).ask(do="turn", engine=engine,
                                           seconds=self._options.seconds)
        return cell.batch_size * taken["iterations"] / taken["seconds"]

    @staticmethod
    def _result(cell, opened, errors, rates):
        engines = [{"name": engine, "arrangement": answer["arrangement"],
                    "images_per_second": turns.summary(rates[engine]), "turns": rates[engine],
                    "trials": answer["trials"], "relative_errors": errors.get(engine, {})}
                   for engine, answer in opened.items()]
        medians = {engine["name"]: engine["images_per_second"]["median"] for engine in engines}
        return {"network": cell.network, "options": cell.options, "mode": cell.mode,
                "batch_size": cell.batch_size, "threads": cell.threads, "engines": engines,
                **turns.ratios(medians)}


def _present(options, versions):
    """The engines that take part, ours first; says which are not there."""
    wanted = options.engines or hosts.NATIVE + hosts.FROM_PYPI
    if options.precision == "bf16":
        unable = [engine for engine in options.engines or () if engine not in hosts.BF16]
        if unable:
            hosts.say(f"left out, fp32 alone: {', '.join(unable)}")
        wanted = [engine for engine in wanted if engine in hosts.BF16]
    absent = [engine for engine in wanted if engine not in versions]
    if absent:
        hosts.say(f"left out, not installed: {', '.join(absent)} (see --make-venv)")
    return [OURS] + [engine for engine in wanted if engine in versions and engine != OURS]


def run(options):
    python = None
    if options.make_venv:
        python = peers_venv.make(options.make_venv)
    elif options.venv:
        python = peers_venv.python_of(options.venv)
    chosen = cells.make_cells(cells.chosen_networks(options.networks), options.modes,
                              options.batch_sizes, options.threads)
    with hosts.Hosts(options.host, python, options.separate, options.isa) as running, \
            tempfile.TemporaryDirectory() as folder:
        versions, machine = running.versions(options.precision)
        results = {**machine, "versions": versions, "isa": options.isa,
                   "precision": options.precision,
                   "processes": "separate processes" if options.separate else "shared processes",
                   "rounds": options.rounds, "seconds": options.seconds, "seed": options.seed,
                   "cells": []}
        comparison = Comparison(options, running, _present(options, versions),
                                pathlib.Path(folder))
        for cell in chosen:
            results["cells"].append(comparison.compare(cell))
            _report(cell, results["cells"][-1])
            if options.separate:
                running.stop()  # the next cell begins in fresh processes
    return results


def _report(cell, result):
    best = result["best_peer"]
    against = f", {result['ratio_to_best']:.2f} times {best}" if best else ""
    hosts.say(f"{cell}: {result['engines'][0]['images_per_second']['median']:.0f} images/s"
              + against)
    for engine, reason in result["left_out"].items():
        hosts.say(f"  without {engine}: {reason}")


def _write(path, text):
    """The old file or the whole new one."""
    beside = pathlib.Path(f"{path}.part")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def main():
    options = make_parser().parse_args()
    try:
        results = run(options)
        if options.output:
            _write(options.output, json.dumps(results, indent=2) + "\n")
        table = tables.make_table(results)
        if options.table:
            _write(options.table, table)
        else:
            print(table, end="")
    except KeyboardInterrupt:
        sys.exit(130)
    except (Disagreement, hosts.HostError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"tools/compare: {error}")


if __name__ == "__main__":
    main()
