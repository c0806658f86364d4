#!/usr/bin/env python3
"""Deletes, one at a time, every barrier, cp.async wait and predicate of the CUDA kernels, and runs
the operation suite on what is left: a suite that passes has missed something.

What survives must be listed in tests/simt/SURVIVORS.md, with the reason why no test can tell or why
it does not matter. The run fails where something survives that is not listed, and where something
listed is caught. Results are kept in a file, one line a mutant: a run that was interrupted goes on
where it stopped, and a later run compiles what has changed only.

    mutate.py --build build/release                       all mutants
    mutate.py --build build/release --only 'top_k|sgd'    those whose name matches
    mutate.py --list                                      names alone
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import sites

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = "test_cuda_operations"
RUN_SECONDS = 120  # of a processor's time; the longest suite takes a quarter of it
SEEDS = (1, 2, 3)  # of the orders in which a mutant without a barrier runs; others run by the first

# The tests of a unit, where the name of its row does not stand in its path.
_GATHER = ("conv2d_forward.*{0}*:conv2d_pixels_forward.*{0}*:conv2d_data_gradient.*{0}*:"
           "Conv2dMask.*:Conv2dIsolation.*:PixelsTest.*")
TESTS = {
    "kernels/unit_signal/cuda.cu": "UnitSignalOnGpu.*",
    "kernels/conv2d/gather_cuda_simt.cu": _GATHER.format("_cuda_simt"),
    "kernels/conv2d/gather_cuda_sm80.cu": _GATHER.format("_cuda_sm80"),
    "kernels/conv2d/gather_pack_cuda.cu": _GATHER.format("_cuda_"),
    "kernels/conv2d/weight_gradient_cuda_sm80.cu":
        "conv2d_weight_gradient.*_cuda_sm80*:Conv2dIsolation.*",
    "kernels/conv2d/weight_gradient_sum_cuda.cu": "conv2d_weight_gradient.*",
    "kernels/softmax_cross_entropy/backward_cuda.cu": "softmax*backward*cuda/*:SoftmaxOnGpu.*",
    "kernels/softmax_cross_entropy/forward_cuda.cu": "softmax*forward_cuda/*:SoftmaxOnGpu.*",
}


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str  # of the file with the fault, from the project's root
    site: sites.Site
    text: str  # of the file
    units: tuple  # the sources that it reaches, themselves or by inclusion

    @property
    def name(self):
        return f"{self.path} {self.site.function}: {self.site.deleted}"

    @property
    def key(self):
        mutated = self.site.applied_to(self.text)
        return hashlib.sha256(f"{self.name}\0{mutated}".encode()).hexdigest()


def tests_of(unit):
    folder, stem = unit.split("/")[1], pathlib.Path(unit).stem
    return TESTS.get(unit, f"*.{folder}_{stem}/*:{folder.title().replace('_', '')}*")


def includes_of(text):
    return re.findall(r'^#include "(kernels/[^"]+)"', text, re.MULTILINE)


def reaching_units(texts):
    """{path: the .cu files that include it, directly or not, and itself}."""
    reached = collections.defaultdict(set)
    for unit in texts:
        if not unit.endswith(".cu"):
            continue
        waiting = [unit]
        while waiting:
            path = waiting.pop()
            if path in texts and unit not in reached[path]:
                reached[path].add(unit)
                waiting += includes_of(texts[path])
    return reached


def mutants_of(root):
    """All mutants. The instructions of kernels/ptx are the emulation's own."""
    texts = {str(path.relative_to(root)): path.read_text()
             for path in sorted(root.glob("kernels/*/*"))
             if path.suffix in (".cu", ".cuh", ".hpp") and path.parent.name != "ptx"}
    reached = reaching_units(texts)
    texts = {path: text for path, text in texts.items() if reached[path]}
    device = sites.device_functions({path: sites.hide(text) for path, text in texts.items()})
    return [Mutant(path, site, text, tuple(sorted(reached[path])))
            for path, text in texts.items() for site in sites.sites_of(text, device[path])]


class Build:
    """How the emulation's build compiles a unit and links the suite."""

    def __init__(self, directory):
        self.directory = directory.resolve()
        commands = json.loads((self.directory / "compile_commands.json").read_text())
        self.compiles = {}
        for command in commands:
            if "/simt_rows.dir/" in command["command"] and command["file"].endswith(".cu"):
                path = os.path.relpath(command["file"], ROOT)
                self.compiles[path] = shlex.split(command["command"])
        link = subprocess.run(["ninja", "-t", "commands", "-s", PROGRAM], cwd=self.directory,
                              check=True, capture_output=True, text=True).stdout
        self.link = shlex.split(link.strip())[2:-2]  # between ": &&" and "&& :"

    def inputs(self):
        """What all mutants are linked to; another suite may catch what this one does not."""
        state = hashlib.sha256()
        for word in self.link:
            path = self.directory / word
            if word.endswith((".o", ".a")) and "/simt_rows.dir/" not in word and path.is_file():
                state.update(path.read_bytes())
        return state.hexdigest()

    def fault(self):
        """Why mutants would prove nothing: the program cannot be built, or fails as it is."""
        built = subprocess.run(["ninja", PROGRAM], cwd=self.directory, capture_output=True,
                               text=True)
        if built.returncode != 0:
            return built.stdout
        outcome, how = run_tests(self.directory / PROGRAM, "*", SEEDS[0], RUN_SECONDS)
        return "" if outcome == "survived" else f"{PROGRAM} fails without a mutant: {how}"

    def object_of(self, unit):
        words = self.compiles[unit]
        return words[words.index("-o") + 1]

    def compile(self, unit, overlay, result):
        """Compiles the unit as the build does, with the files in `overlay` before the project's."""
        words, skipped = [], {"-MT": 2, "-MF": 2, "-o": 2, "-c": 2, "-MD": 1, "-Werror": 1}
        left = list(self.compiles[unit])
        while left:
            count = skipped.get(left[0], 0)
            words += left[:1] if count == 0 else []
            left = left[max(count, 1):]
        source = overlay / unit if (overlay / unit).exists() else ROOT / unit
        words += ["-O1", "-g0", "-w", "-c", str(source), "-o", str(result)]
        first = next(at for at, word in enumerate(words) if word.startswith("-I"))
        words.insert(first, f"-I{overlay}")
        return subprocess.run(words, cwd=self.directory, capture_output=True, text=True)

    def link_with(self, objects, result):
        """`objects`: {unit: object} in place of the build's, and before all others: of an inline
        function the program takes the first."""
        replaced = {self.object_of(unit) for unit in objects}
        words = [word for word in self.link if word not in replaced]
        words[1:1] = map(str, objects.values())
        words[words.index("-o") + 1] = str(result)
        subprocess.run(words, cwd=self.directory, check=True)


def first_fault(output):
    found = re.search(r"^\[  FAILED  \] (\S+)", output, re.MULTILINE)
    said = re.search(r": Failure\n(?:Failed\n)?(.*)", output)
    return (f"{found.group(1)}: " if found else "") + (said.group(1)[:200] if said else "")


def run_tests(program, tests, seed, seconds):
    """What the suite says: (outcome, how)."""
    command = ["prlimit", f"--cpu={seconds}:{seconds + 5}", program, "--gtest_brief=1",
               "--gtest_fail_fast", f"--gtest_filter={tests}"]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace",
                         env=dict(os.environ, SIMT_SEED=str(seed)))
    if ran.returncode == -signal.SIGXCPU:
        return "caught", f"took more than {seconds} s"
    if ran.returncode not in (0, 1):
        return "caught", f"ended with {ran.returncode}: {first_fault(ran.stdout)}"
    if ran.returncode == 1:
        return "caught", first_fault(ran.stdout)
    passed = re.search(r"\[  PASSED  \] (\d+)", ran.stdout)
    if not passed or int(passed.group(1)) == 0:
        return "not tested", f"no test is called {tests}: TESTS of mutate.py says which are"
    return "survived", ""


def outcome_of(mutant, build, folder, seconds):
    """(outcome, how): each unit that the mutant reaches is put to the test until one is caught."""
    overlay = folder / "overlay"
    place = overlay / mutant.path
    place.parent.mkdir(parents=True)
    place.write_text(mutant.site.applied_to(mutant.text))
    seeds = SEEDS[:1] if mutant.site.kind == "predicate" else SEEDS
    for unit in mutant.units:
        own = folder / "mutant.o"
        compiled = build.compile(unit, overlay, own)
        if compiled.returncode != 0:
            return "does not compile", compiled.stderr[:400]
        program = folder / "mutant"
        build.link_with({unit: own}, program)
        for seed in seeds:
            outcome, how = run_tests(program, tests_of(unit), seed, seconds)
            if outcome != "survived":
                return outcome, how
    return "survived", ""


def put_to_test(mutant, build, seconds):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mutant-"))
    try:
        outcome, how = outcome_of(mutant, build, folder, seconds)
    except (OSError, subprocess.CalledProcessError) as error:
        outcome, how = "not tested", str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"key": mutant.key, "name": mutant.name, "outcome": outcome, "how": how}


def known_results(path, inputs):
    """{key: result}; survivors of another suite are put to the test again."""
    known = {}
    if path.exists():
        for line in path.read_text().splitlines():
            result = json.loads(line)
            if result["outcome"] == "caught" or result["inputs"] == inputs:
                known[result["key"]] = result
    return known


def listed_survivors(text):
    """{name: reason} of the rows | file | function | deleted | reason |."""
    listed = {}
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split(" | ")]
        if len(cells) == 4 and cells[0].startswith("kernels/"):
            listed["{} {}: {}".format(*cells)] = cells[3]
    return listed


def disagreements(results, listed, everything):
    """What differs between {name: outcome} and the list. Listed names must exist at all."""
    faults = [f"{name}: {outcome}" for name, outcome in results.items()
              if outcome not in ("caught", "survived")]
    faults += [f"{name}: survives; add a test that catches it, or list it in SURVIVORS.md"
              for name, outcome in results.items() if outcome == "survived" and name not in listed]
    faults += [f"{name}: is {outcome}, but stands in SURVIVORS.md: remove the row"
               for name, outcome in results.items() if outcome != "survived" and name in listed]
    faults += [f"{name}: stands in SURVIVORS.md, but no kernel has it"
               for name in listed if name not in everything]
    return faults + [f"{name}: has no reason in SURVIVORS.md"
                     for name, reason in listed.items() if not reason]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, help="folder in which the suite is built")
    parser.add_argument("--only", default="", metavar="REGEX", help="mutants whose name matches")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=RUN_SECONDS,
                        help="of a processor's time, for one run of the suite")
    parser.add_argument("--results", type=pathlib.Path, help="default: BUILD/mutants.jsonl")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if not arguments.list and arguments.build is None:
        parser.error("--build: give the folder in which the suite is built")
    return arguments


def main():
    arguments = parse_arguments()
    everything = mutants_of(ROOT)
    mutants = [one for one in everything if re.search(arguments.only, one.name)]
    if arguments.list:
        print("\n".join(f"{one.name} -> {one.site.replacement}" for one in mutants))
        return 0
    build = Build(arguments.build)
    if fault := build.fault():
        print(fault)
        return 1
    inputs = build.inputs()
    path = arguments.results or arguments.build / "mutants.jsonl"
    known = known_results(path, inputs)
    waiting = [one for one in mutants if one.key not in known]
    with path.open("a") as kept, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        started = [pool.submit(put_to_test, one, build, arguments.seconds) for one in waiting]
        for done in concurrent.futures.as_completed(started):
            result = dict(done.result(), inputs=inputs)
            known[result["key"]] = result
            print(json.dumps(result), file=kept, flush=True)
            print(f"{result['outcome']}: {result['name']} {result['how'][:100]}", flush=True)
    results = {one.name: known[one.key]["outcome"] for one in mutants}
    print(", ".join(f"{count} {outcome}" for outcome, count in
                    collections.Counter(results.values()).items()))
    listed = listed_survivors((ROOT / "tests/simt/SURVIVORS.md").read_text())
    faults = disagreements(results, listed, {one.name for one in everything})
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
