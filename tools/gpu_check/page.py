"""index.html: one file that shows what the stages' JSON files say."""

import html
import string

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
        rows = [*facts.items(), *(("nvidia-smi " + key, value)
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
    notes = {f"{name}: {part['note']}" for name, content in stages.items()
             for part in content["parts"] if "note" in part}
    if notes:
        paragraphs = (f"<p>{html.escape(note)}</p>\n" for note in sorted(notes))
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
                *_scores(stages), *_overlap(stages), *_bench(stages)]
    text = _PAGE.substitute(device=html.escape(known["device"]), commit=known["commit"],
                            sections="\n".join(sections))
    records.write_whole(folder / "index.html", text)
