"""Parts about the tuner of kernels: what it costs from nothing, what it finds, what it keeps."""

import json
import tempfile

from execution import run
from measurements import MODES, failure, library_notes
from records import FAIL, PASS

_TIMED = "timed the kernels of"


def tuning_file(context, precision):
    """In the run's folder, for --tuning-file."""
    return context.arguments.folder / f"tuning-{precision}.json"


def _run(context, precision, limit, *arguments):
    """(command, how it finished): what the user's own cache holds is neither read nor written."""
    command = context.programs.command(
        "allconv", *arguments, "--device", "cuda", "--precision", precision, "--batch-size",
        context.arguments.tuning_batch_size, "--tuning-budget", context.arguments.tuning_budget)
    with tempfile.TemporaryDirectory() as cache:
        return command, run(command, limit, {"XDG_CACHE_HOME": cache})


def _named(candidate):
    """A library's candidate has its way behind its row, as in `allconv bench --operation`."""
    name = ", ".join(candidate[key] for key in ("kernel", "way") if key in candidate)
    return {"kernel": name, "milliseconds": candidate["milliseconds"]}


def _summary(entry):
    """What won, our best row, the library's best way; the file has the fastest first."""
    ours = [_named(one) for one in entry["candidates"] if "way" not in one]
    theirs = [_named(one) for one in entry["candidates"] if "way" in one]
    summary = {"operation": entry["operation"], "problem": entry["problem"],
               "mask": entry.get("mask", False), "candidates": len(entry["candidates"]),
               "won": _named(entry["candidates"][0]) if entry["candidates"] else None,
               "ours": ours[0] if ours else None, "library": theirs[0] if theirs else None}
    if ours and theirs and ours[0]["milliseconds"] > 0:
        # Throughput of ours over the library's.
        summary["ratio"] = theirs[0]["milliseconds"] / ours[0]["milliseconds"]
    return summary


def tune(context, precision, limit):
    """All passes of the model, from nothing, into a file of the run's folder."""
    file = tuning_file(context, precision)
    if file.exists():
        file.unlink()
    command, finished = _run(context, precision, limit, "tune", context.arguments.model, "-o", file)
    if finished.code != 0:
        return failure(f"tune {precision}", finished)
    content = json.loads(file.read_text(encoding="utf-8"))
    convolutions = [_summary(entry) for entry in content["entries"]]
    left_out = [line for line in finished.output.splitlines() if "left out: " in line]
    figures = {"precision": precision, "batch_size": context.arguments.tuning_batch_size,
               "seconds": round(finished.seconds, 2), "file": file.name,
               "versions": content["versions"], "convolutions": convolutions, "left_out": left_out}
    return {"status": PASS, "seconds": figures["seconds"], "command": " ".join(map(str, command)),
            "figures": figures, **library_notes(finished.output.splitlines())}


def use_again(context, precision, limit):
    """Every pass with that file: nothing is timed, and the file stays as it is."""
    case = f"again {precision}"
    file = tuning_file(context, precision)
    result = {"status": PASS, "seconds": 0, "cases": {"passed": 0, "failed": 0, "skipped": 0},
              "failures": []}
    if not file.exists():
        text = f"there is no {file}: run tools/gpu-check --stages tune --again"
        return {**result, "status": FAIL, "failures": [{"case": case, "text": text}]}
    before = file.read_bytes()
    for mode in MODES:
        command, finished = _run(context, precision, limit - result["seconds"], "bench",
                                 context.arguments.model, "--mode", mode, "--tuning-file", file,
                                 "--warmup", 0, "--iterations", 1)
        if finished.code != 0:
            return failure(case, finished)
        result["seconds"] = round(result["seconds"] + finished.seconds, 2)
        result["command"] = " ".join(map(str, command))
        knew = _TIMED not in finished.output and file.read_bytes() == before
        result["cases"]["passed" if knew else "failed"] += 1
        if not knew:
            result["status"] = FAIL
            result["failures"].append({"case": f"{case} {mode}", "text": "kernels were timed, or "
                                       f"the file was changed\n{finished.last_words()}"})
    return result
