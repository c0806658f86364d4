"""Parts that run the program allconv: its benchmark, and scores beside the CPU's."""

import json
import math
import pathlib
import re
import tempfile

from execution import run
from nvidia_smi import Monitor
from records import FAIL, PASS

PRECISIONS = ("fp32", "tf32", "fp16", "bf16")
MODES = ("inference", "training", "explain")
_PROBE_ITERATIONS, _LEAST_ITERATIONS, _MOST_ITERATIONS = 5, 10, 5000
_SECONDS = 2.0  # of a measurement
# Largest difference of a logit from the CPU's, as a share of the picture's largest logit.
_LOGIT_SHARE = {"fp32": 1e-3, "tf32": 3e-2, "fp16": 3e-2, "bf16": 2e-1}
SOME_INPUTS_FAILED = 4  # exit code
_NOT_USED = re.compile(r"(cuDNN|cuBLASLt) is not used: .*")


def failure(case, finished):
    return {"status": FAIL, "seconds": round(finished.seconds, 2),
            "timed_out": finished.code is None,
            "failures": [{"case": case, "text": f"allconv {finished.why()}\n"
                          f"{finished.last_words()}"}]}


def _bench_arguments(context, mode, precision, batch_size):
    return ["bench", context.arguments.model, "--device", "cuda", "--precision", precision,
            "--mode", mode, "--batch-size", batch_size, "--results-format", "json"]


def json_of(text):
    """The object in a text that has notes around it."""
    return json.loads(text[text.index("{"):text.rindex("}") + 1])


def library_notes(lines):
    """{"note": ...} of the sentences about libraries that are missing or do not start; {} of none.
    """
    sentences = {}
    for line in lines:
        found = _NOT_USED.search(line)
        if found:
            sentences[found.group()] = None
    return {"note": "\n".join(sentences)} if sentences else {}


def peak_flops(facts, precision):
    """Of the data sheet, operations a second."""
    return float(facts[{"fp32": "peak_fp32", "tf32": "peak_tf32"}.get(precision, "peak_half")])


def measure(context, mode, precision, batch_size, limit):
    """One cell of the tables: as many iterations as fill some seconds, watched."""
    case = f"{mode} {precision} {batch_size}"
    arguments = _bench_arguments(context, mode, precision, batch_size)
    probe = run(context.programs.command("allconv", *arguments, "--iterations", _PROBE_ITERATIONS),
                limit)
    if probe.code != 0:
        return failure(case, probe)
    speed = json_of(probe.output)["images_per_second"]["median"]
    iterations = min(max(math.ceil(_SECONDS * speed / batch_size), _LEAST_ITERATIONS),
                     _MOST_ITERATIONS)
    command = context.programs.command("allconv", *arguments, "--iterations", iterations)
    with Monitor(context.gpu) as monitor:
        finished = run(command, limit)
    if finished.code != 0:
        return failure(case, finished)
    figures = json_of(finished.output)
    flops = sum(layer["gflops"] * layer["milliseconds"] * 1e6 for layer in figures["layers"])
    figures["tflops"] = flops / batch_size * figures["images_per_second"]["median"] * 1e-12
    figures["share_of_peak"] = figures["tflops"] * 1e12 / peak_flops(context.facts, precision)
    return {"status": PASS, "seconds": round(probe.seconds + finished.seconds, 2),
            "command": " ".join(map(str, command)), "iterations": iterations, "figures": figures,
            "while_running": monitor.summary()}


def _scores(context, device, precision, folder, limit):
    """(how it finished, {path: logits})."""
    rows_file = pathlib.Path(folder) / f"{device}-{precision}.jsonl"
    finished = run(context.programs.command(
        "allconv", "score", context.arguments.model, context.arguments.images, "-o", rows_file,
        "--logits", "--device", device, "--precision", precision, "--batch-size", 5), limit)
    if finished.code not in (0, SOME_INPUTS_FAILED):
        return finished, {}
    rows = [json.loads(line) for line in rows_file.read_text(encoding="utf-8").splitlines()]
    return finished, {row["path"]: row["logits"] for row in rows if "logits" in row}


def _furthest(scores, expected):
    """(share, path) of the picture whose logits are furthest from the CPU's."""
    shares = [(max(abs(one - other) for one, other in zip(scores[path], logits)) /
               max(map(abs, logits)), path) for path, logits in expected.items()]
    return max(shares)


def compare_scores(context, precision, limit):
    """The model's logits of real pictures on the GPU beside the CPU's."""
    with tempfile.TemporaryDirectory() as folder:
        finished, expected = _scores(context, "cpu", "fp32", folder, limit)
        if expected:
            finished, scores = _scores(context, "cuda", precision, folder, limit)
        if not expected or not scores:
            return failure(f"scores {precision}", finished)
    allowed = _LOGIT_SHARE[precision]
    result = {"status": PASS, "seconds": round(finished.seconds, 2), "failures": [],
              "command": f"allconv score --precision {precision} --device cuda, and --device cpu"}
    if scores.keys() != expected.keys():
        share, path = math.inf, "the rows"
    else:
        share, path = _furthest(scores, expected)
    result["figures"] = {"pictures": len(expected), "share": share, "allowed": allowed}
    passed = share <= allowed  # not so where it is NaN
    result["cases"] = {"passed": int(passed), "failed": int(not passed), "skipped": 0}
    if not passed:
        result["status"] = FAIL
        text = f"{path}: a logit is {share:.3g} of the largest away, allowed: {allowed}"
        result["failures"] = [{"case": f"scores {precision}", "text": text}]
    return result
