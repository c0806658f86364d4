"""Checks and measures allconv on a GPU, stage by stage, and draws a page of it.

In a clone it builds what it needs (CMake, nvcc); in a bundle everything is built already. A stage
that was interrupted, or ran out of its time, goes on where it stopped when the command is given
again; what has passed on the same commit and device is not run again.

Exit codes: 0 all passed, 1 something failed, 2 usage, 4 not finished yet (give the command again),
5 no usable GPU, 130 interrupted.
"""

import argparse
import pathlib
import signal
import sys

import bundle
import page
import site_facts
import stages
from execution import Interrupted, Programs, Unusable
from records import FAIL, UNFINISHED, Record

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXIT_FAILED, EXIT_USAGE, EXIT_UNFINISHED, EXIT_INTERRUPTED = 1, 2, 4, 130
STAGE_SECONDS = 480
PROBLEMS = "n128h32w32c96k96r3s3p1,n128h6w6c192k192r1s1"


def add_measured(measured):
    measured.add_argument("--model", type=pathlib.Path, metavar="FILE",
                          default=ROOT / "models/all-cnn-c-cifar10.safetensors",
                          help="default: the model that comes with the project")
    measured.add_argument("--images", type=pathlib.Path, metavar="DATA",
                          default=ROOT / "tests/data/images", help="pictures to score")
    measured.add_argument("--batch-sizes", default="1,8,32,128,512", metavar="N,...",
                          help="default: 1,8,32,128,512")
    measured.add_argument("--problems", default=PROBLEMS, metavar="TEXT,...",
                          help="of the stage convolutions, as allconv bench --problem takes them; "
                          f"default: {PROBLEMS}, of All-CNN-C")
    measured.add_argument("--iterations", type=int, default=30, metavar="N",
                          help="runs of each kernel there; 30")
    measured.add_argument("--tuning-batch-size", type=int, default=128, metavar="N",
                          help="of the stage tune; 128")
    measured.add_argument("--tuning-budget", type=float, default=10, metavar="N",
                          help="seconds that a plan's tuning may take; 10")


def parsed_arguments():
    parser = argparse.ArgumentParser(
        prog="tools/gpu-check", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="folder", type=pathlib.Path, metavar="DIR",
                        help="where results go; default: build/gpu-check, in a bundle: results")
    parser.add_argument("--stages", metavar="NAME,...", help="only these; --list shows them")
    parser.add_argument("--parts", metavar="TEXT", help="only parts whose name has this text")
    parser.add_argument("--again", action="store_true", help="run what has passed again")
    parser.add_argument("--list", action="store_true", help="print the stages, and run none")
    parser.add_argument("--bundle", type=pathlib.Path, metavar="DIR",
                        help="make a folder that runs on a machine with a driver and Python alone")
    parser.add_argument("--build", action="store_true",
                        help="in a bundle: build its programs anew, by this machine's nvcc")
    parser.add_argument("--architectures", metavar="LIST",
                        help="with these two, as CMake writes them: 80;90;100; default: 80;90")
    add_measured(parser.add_argument_group("what is measured"))
    parser.add_argument("--programs", type=pathlib.Path, metavar="DIR",
                        help="where allconv and device_tests are; default: build/release, built")
    parser.add_argument("--stage-seconds", type=float, default=STAGE_SECONDS, metavar="N",
                        help=f"a stage stops after so long, to go on later; {STAGE_SECONDS}")
    arguments = parser.parse_args()
    known = [stage.name for stage in stages.STAGES]
    arguments.stages = arguments.stages.split(",") if arguments.stages else known
    for name in arguments.stages:
        if name not in known:
            parser.error(f"there is no stage {name}: see --list")
    try:
        arguments.batch_sizes = [int(size) for size in arguments.batch_sizes.split(",")]
    except ValueError:
        parser.error("--batch-sizes takes whole numbers, as in 1,128")
    arguments.problems = arguments.problems.split(",")
    return arguments


def print_stages():
    for stage in stages.STAGES:
        print(f"{stage.name:<16} {stage.about}")


def tell(sentence):
    print(f"tools/gpu-check: {sentence}", file=sys.stderr, flush=True)


def run_stages(arguments, context, identity):
    """The worst status of the stages asked for."""
    statuses = []
    for stage in stages.STAGES:
        if stage.name not in arguments.stages:
            continue
        record = Record(arguments.folder / f"{stage.name}.json", stage.name, identity,
                        keep=not arguments.again)
        try:
            stages.run(stage, record, context)
        finally:
            page.write(arguments.folder)
        tell(f"{stage.name}: {record.status}, {record.summary()}")
        statuses.append(record.status)
    return statuses


def check(arguments):
    site = site_facts.Site(ROOT)
    arguments.folder = arguments.folder or site.results_folder()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    programs = Programs(arguments.programs or site.built_programs())
    facts = stages.device_facts(programs)
    identity = {"commit": site.commit(), "device": stages.device_text(facts)}
    tell(f"{identity['device']}, commit {identity['commit'][:12]}")
    context = stages.Context(programs=programs, facts=facts, arguments=arguments, tell=tell)
    statuses = run_stages(arguments, context, identity)
    print(arguments.folder / "index.html")
    if FAIL in statuses:
        return EXIT_FAILED
    return EXIT_UNFINISHED if UNFINISHED in statuses else 0


def interrupt(_signal, _frame):
    raise Interrupted


def main():
    arguments = parsed_arguments()
    if arguments.list:
        print_stages()
        return 0
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        if arguments.bundle:
            bundle.make(ROOT, arguments.bundle, arguments.architectures, tell)
            return 0
        if arguments.build:
            bundle.build_again(ROOT, arguments.architectures)
            return 0
        return check(arguments)
    except Unusable as error:
        tell(error)
        return error.exit_code
    except Interrupted:
        tell("interrupted: the same command goes on from here")
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
