"""index.html: one file that shows what the stages' JSON files say."""

import html
import string

import convolutions
import records
from measurements import MODES, PRECISIONS
from stages import STAGES

_PAGE = string.Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>allconv on $device</title>
<style>
body { font: 15px/1.5 "DejaVu Sans", Verdana, sans-serif; color: #222; background: #f3f4f6;
       margin: 0 auto; max-width: 1080px; padding: 24px 20px 60px; }
h2 { margin: 0 0 6px; font-size: 19px; }
p { margin: 6px 0 12px; max-width: 50em; }
section { background: #fff; border: 1px solid #ddd; border-radius: 8px; padding: 18px 22px;
          margin-top: 18px; overflow-x: auto; }
table { border-collapse: collapse; margin: 8px 0 14px; }
th, td { border-bottom: 1px solid #ddd; padding: 3px 12px 3px 0; text-align: left; }
td.number, th.number { text-align: right; }
pre { background: #f6f6f6; border-radius: 6px; padding: 10px; font-size: 12px;
      white-space: pre-wrap; overflow-wrap: anywhere; }
.PASS { color: #00734d; } .FAIL { color: #b3261e; font-weight: bold; }
</style>
</head>
<body>
<h1>allconv on $device</h1>
<p>Commit $commit. Stages without a result have not been run.</p>
$sections
</body>
</html>
""")
_KEPT_TEXT = 3000  # characters of a failure


class Number(str):
    """A cell that stands on the right."""


def _cell(tag, value):
    kind = ' class="number"' if isinstance(value, Number) else ""
    if value in (records.PASS, records.FAIL):
        kind = f' class="{value}"'
    return f"<{tag}{kind}>{html.escape(str(value))}</{tag}>"


def _table(heads, rows):
    numeric = [all(isinstance(row[column], Number) for row in rows) for column in range(len(heads))]
    first = "".join(_cell("th", Number(head) if right else head)
                    for head, right in zip(heads, numeric))
    others = "".join(f"<tr>{''.join(_cell('td', value) for value in row)}</tr>\n" for row in rows)
    return f"<table>\n<tr>{first}</tr>\n{others}</table>\n"


def _section(title, *bodies):
    return f"<section>\n<h2>{html.escape(title)}</h2>\n" + "\n".join(bodies) + "</section>\n"


def _overview(stages):
    rows = []
    for stage in STAGES:
        content = stages.get(stage.name)
        parts = content["parts"] if content else []
        cases = [sum(part.get("cases", {}).get(kind, 0) for part in parts)
                 for kind in ("passed", "failed", "skipped")]
        rows.append([stage.name, content["status"] if content else "-", Number(len(parts)),
                     Number(len(content.get("missing", [])) if content else "-"),
                     *(Number(count) for count in cases),
                     Number(f"{sum(part['seconds'] for part in parts):.0f}"), stage.about])
    heads = ["stage", "status", "parts", "to go", "passed", "failed", "skipped", "seconds", "what"]
    words = "<p>A case is skipped where its kernel does not take its problem.</p>"
    return _section("Stages", words, _table(heads, rows))


def _device(stages):
    for part in stages.get("device", {}).get("parts", []):
        facts = part.get("properties", {}).get("Device.Facts", {})
        rows = [*((key, value) for key, value in facts.items() if key != "note"),
                *(("nvidia-smi " + key, value)
                  for key, value in part.get("nvidia_smi", {}).items())]
        yield _section("Device", "<p>Peaks are those of the data sheet of the GPU named under "
                       "<code>sheet</code>, the one known of this architecture.</p>",
                       _table(["fact", "value"], rows))


def _failures(stages):
    bodies = []
    for name, content in stages.items():
        for part in content["parts"]:
            bodies += [f"<p><b>{html.escape(name)}, {html.escape(part['name'])}:</b> "
                       f"{html.escape(failure['case'])}</p>\n"
                       f"<pre>{html.escape(part.get('command', ''))}\n\n"
                       f"{html.escape(failure['text'][-_KEPT_TEXT:])}</pre>\n"
                       for failure in part.get("failures", [])]
    if bodies:
        yield _section("What failed", *bodies)


def _notes(stages):
    stages_of = {}  # by sentence
    for name, content in stages.items():
        for part in content["parts"]:
            for sentence in part.get("note", "").splitlines():
                stages_of.setdefault(sentence, {})[name] = None
    if stages_of:
        paragraphs = (f"<p>{html.escape(', '.join(names))}: {html.escape(sentence)}</p>\n"
                      for sentence, names in stages_of.items())
        yield _section("Not available", *paragraphs)


def _overlap(stages):
    rows = []
    for part in stages.get("overlap", {}).get("parts", []):
        for name, facts in part.get("properties", {}).items():
            times = [(key, float(value)) for key, value in facts.items()
                     if key.startswith("microseconds_")]
            if len(times) == 2:
                (first, before), (second, after) = times
                rows.append([name.split(".")[-1], facts["network"], Number(facts["batch_size"]),
                             f"{first[13:]}, {second[13:]}".replace("_", " "),
                             Number(f"{before:.1f}"), Number(f"{after:.1f}"),
                             Number(f"{before / after:.2f}")])
    if rows:
        yield _section("Slots and graphs of launches",
                       "<p>Microseconds a batch from pictures in memory to answers in memory, the "
                       "best of three goes.</p>",
                       _table(["test", "network", "batch", "what", "first", "second", "ratio"],
                              rows))


def _span(sample, unit):
    if not sample:
        return "-"
    return f"{sample['least']:.0f}-{sample['most']:.0f} {unit}"


def _bench_row(part):
    figures, sampled = part["figures"], part.get("while_running", {})
    speed = figures["images_per_second"]
    return [figures["precision"], Number(figures["batch_size"]), Number(f"{speed['median']:,.0f}"),
            Number(f"{speed['p10']:,.0f}-{speed['p90']:,.0f}"), Number(f"{figures['tflops']:.2f}"),
            Number(f"{figures['share_of_peak']:.1%}"), _span(sampled.get("sm_mhz"), "MHz"),
            _span(sampled.get("memory_mhz"), "MHz"), _span(sampled.get("watts"), "W"),
            _span(sampled.get("celsius"), "C"),
            ", ".join(sampled.get("throttled_by", [])) or "-"]


def _layers(part):
    figures = part["figures"]
    rows = [[layer["name"], layer["kernel"], Number(f"{layer['milliseconds']:.4f}"),
             Number(f"{layer['gflops']:,.0f}")] for layer in figures["layers"]]
    title = f"{figures['mode']}, {figures['precision']}, batch {figures['batch_size']}"
    return (f"<details><summary>Step by step: {html.escape(title)}</summary>\n" +
            _table(["layer", "kernel", "ms", "GFLOP/s"], rows) + "</details>\n")


def _bench(stages):
    parts = [part for part in stages.get("bench", {}).get("parts", []) if "figures" in part]
    heads = ["precision", "batch", "images/s", "p10-p90", "TFLOP/s", "of peak", "clock",
             "memory clock", "power", "temperature", "throttled by"]
    for mode in MODES:
        own = [part for part in parts if part["figures"]["mode"] == mode]
        own.sort(key=lambda part: PRECISIONS.index(part["figures"]["precision"]))
        if own:
            yield _section(
                f"{own[0]['figures']['network']}: {mode}",
                "<p>From prepared numbers in the host's memory to answers there. The peak is that "
                "of the data sheet for this precision; clocks, power and temperature are the least "
                "and the most that nvidia-smi told while it ran.</p>",
                _table(heads, [_bench_row(part) for part in own]), *map(_layers, own))


def _figures(stages, name):
    return [part["figures"] for part in stages.get(name, {}).get("parts", [])
            if part.get("figures")]


def _ratio(value):
    return Number("-" if value is None else f"{value:.2f}")


def _timed_cells(candidate):
    """Name and milliseconds of a candidate of a tuning file."""
    if not candidate:
        return ["-", Number("-")]
    return [candidate["kernel"], Number(f"{candidate['milliseconds']:.4f}")]


def _tuned_details(figures):
    rows = [[one["operation"] + (", masks" if one["mask"] else ""), one["problem"],
             Number(one["candidates"]), *_timed_cells(one["won"]), *_timed_cells(one["ours"]),
             *_timed_cells(one["library"]), _ratio(one.get("ratio"))]
            for one in figures["convolutions"]]
    heads = ["operation", "problem", "timed", "fastest", "ms", "our best", "ms", "library's best",
             "ms", "ratio"]
    words = "".join(f"<p>{html.escape(line)}</p>\n" for line in figures["left_out"])
    return (f"<details><summary>Convolution by convolution: {html.escape(figures['precision'])}"
            f"</summary>\n" + _table(heads, rows) + words + "</details>\n")


def _tuned(stages):
    tuned = _figures(stages, "tune")
    tuned.sort(key=lambda figures: PRECISIONS.index(figures["precision"]))
    rows = []
    for figures in tuned:
        found = figures["convolutions"]
        rows.append([figures["precision"], Number(figures["batch_size"]),
                     Number(f"{figures['seconds']:.1f}"), Number(len(found)),
                     Number(sum(one["won"] == one["library"] for one in found if one["won"])),
                     figures["file"],
                     ", ".join(f"{name} {number}" for name, number in figures["versions"].items())])
    if rows:
        heads = ["precision", "batch", "seconds", "convolutions", "won by libraries", "file",
                 "versions"]
        yield _section("The tuner of kernels, from nothing",
                       "<p>Seconds of <code>allconv tune</code> from start to end: inference, "
                       "training and three rules of explanation. A convolution that one kernel "
                       "alone computes is not timed. The ratio is our best kernel's throughput "
                       "over that of the libraries' best way.</p>",
                       _table(heads, rows), *map(_tuned_details, tuned))


def _row_cells(kernel):
    if not kernel:
        return ["-", Number("-")]
    return [kernel["name"], Number(f"{kernel['milliseconds']['median']:.4f}")]


def _clocks(gpu):
    clock = gpu["sm_mhz"]
    return "-" if clock["before"] is None else f"{clock['before']}, {clock['after']} MHz"


def _side_by_side(figures):
    """A line of each state of the cache."""
    for cache, own in figures.items():
        rows = convolutions.timed(own)
        ours = convolutions.fastest([row for row in rows if not convolutions.is_of_library(row)])
        theirs = convolutions.fastest([row for row in rows if convolutions.is_of_library(row)])
        ratio = None
        if ours and theirs and ours["milliseconds"]["median"] > 0:
            ratio = theirs["milliseconds"]["median"] / ours["milliseconds"]["median"]
        yield [own["operation"], own["precision"], cache, *_row_cells(ours), *_row_cells(theirs),
               _ratio(ratio), _clocks(own["gpu"]), ", ".join(own["gpu"]["slowed_by"]) or "-"]


def _all_rows(figures):
    (first, *_) = figures.values()
    rows = [[cache, row["name"], *(Number(f"{row['milliseconds'][key]:.4f}")
                                   for key in ("min", "median", "p90")),
             Number(f"{row['gflops']:,.0f}"), Number(f"{row['share_of_limit']:.1%}"),
             Number("-" if row["largest_error"] is None else f"{row['largest_error']:.1e}")]
            for cache, own in figures.items() for row in convolutions.timed(own)]
    title = f"{first['operation']}, {first['precision']}"
    return (f"<details><summary>Kernel by kernel: {html.escape(title)}</summary>\n" +
            _table(["cache", "kernel", "min ms", "median ms", "p90 ms", "GFLOP/s", "of the limit",
                    "error"], rows) + "</details>\n")


def _convolutions(stages):
    by_problem = {}
    for figures in _figures(stages, "convolutions"):
        by_problem.setdefault(figures["hot"]["problem"], []).append(figures)
    heads = ["operation", "precision", "cache", "our best", "ms", "library's best", "ms", "ratio",
             "clock before, after", "held down by"]
    for problem, own in by_problem.items():
        rows = [row for figures in own for row in _side_by_side(figures)]
        yield _section(f"Kernels side by side: {problem}",
                       "<p>Medians of <code>allconv bench --operation</code>. The ratio is our "
                       "best kernel's throughput over that of the libraries' best way; clocks are "
                       "NVML's. The limit is that of the data sheet; the error is the largest "
                       "difference from the CPU's reference.</p>",
                       _table(heads, rows), *map(_all_rows, own))


def _scores(stages):
    rows = [[part["name"], part["status"], Number(part["figures"]["pictures"]),
             Number(f"{part['figures']['share']:.2e}"), Number(f"{part['figures']['allowed']:.0e}")]
            for part in stages.get("networks", {}).get("parts", [])
            if "allowed" in part.get("figures", {})]
    if rows:
        yield _section("The model's logits beside the CPU's",
                       "<p>The largest difference of a logit, as a share of the picture's largest "
                       "logit.</p>",
                       _table(["part", "status", "pictures", "difference", "allowed"], rows))


def write(folder):
    """Reads the stages' JSON in the folder, writes the page beside them."""
    read = {stage.name: records.read(folder / f"{stage.name}.json") for stage in STAGES}
    stages = {name: content for name, content in read.items() if content}
    known = next(iter(stages.values()), {"device": "no device", "commit": "-"})
    sections = [_overview(stages), *_failures(stages), *_notes(stages), *_device(stages),
                *_scores(stages), *_overlap(stages), *_tuned(stages),
                *_convolutions(stages), *_bench(stages)]
    text = _PAGE.substitute(device=html.escape(known["device"]), commit=known["commit"],
                            sections="\n".join(sections))
    records.write_whole(folder / "index.html", text)
