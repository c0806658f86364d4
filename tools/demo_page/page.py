"""index.html: one file that shows what the demo trained, and how well it answers."""

import html
import json
import string

import answers
import charts
import results
from canvas import data_uri, units_wide

_PAGE = string.Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>allconv: the demo</title>
<style>
body { font: 16px/1.5 "DejaVu Sans", Verdana, sans-serif; color: #222; background: #f3f4f6;
       margin: 0 auto; max-width: 1080px; padding: 24px 20px 60px; }
h1 { margin: 12px 0 4px; }
h2 { margin: 0 0 6px; font-size: 20px; }
p { margin: 6px 0 14px; max-width: 46em; }
section { background: #fff; border: 1px solid #ddd; border-radius: 8px; padding: 20px 24px;
          margin-top: 20px; }
img { display: block; max-width: 100%; height: auto; }
figure { margin: 0 0 16px; }
figcaption { font-size: 14px; }
.strip { image-rendering: pixelated; width: 100%; }
pre { background: #f6f6f6; border-radius: 6px; padding: 12px; font-size: 13px;
      white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: 14px; margin: 18px 0 0; }
dl div { background: #fff; border: 1px solid #ddd; border-radius: 8px; padding: 12px 18px;
         flex: 1 0 150px; }
dt { color: #666; font-size: 13px; }
dd { margin: 0; font-size: 24px; font-weight: bold; color: #0072b2; }
</style>
</head>
<body>
<h1>An all-convolutional network, trained on this machine</h1>
<p>Fashion-MNIST: 60,000 training images and 10,000 test images of clothes, ten classes,
28 by 28 pixels. Device: $device.</p>
<dl>$figures</dl>
$sections
</body>
</html>
""")


def _section(title, words, body):
    return f"<section>\n<h2>{title}</h2>\n<p>{words}</p>\n{body}\n</section>"


def _image(path, words):
    return f'<img width="{units_wide(path):g}" src="{data_uri(path)}" alt="{html.escape(words)}">'


def _preformatted(text):
    return f"<pre>{html.escape(text)}</pre>"


def _figures(metrics, evaluation):
    seconds = sum(row["seconds"] for row in metrics)
    speed = sorted(row["images_per_second"] for row in metrics)[len(metrics) // 2]
    figures = {"test accuracy": f"{evaluation['top1']:.2%}",
               "right among the first five": f"{evaluation['top5']:.2%}",
               "test loss": f"{evaluation['loss']:.3f} nats",
               f"training, {len(metrics)} epochs": f"{seconds:.0f} s",
               "training images a second": f"{speed:,.0f}"}
    return "\n".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>"
                     for name, value in figures.items())


def _photographs(demo):
    """The section on the photographs; nothing where they could not be had."""
    scores = demo / "photographs.jsonl"
    if not scores.exists():
        return
    everything = answers.read_photographs(results.read_rows(scores))
    answers.grid(everything, demo / "photographs.png")
    wrong = sum(answer.is_wrong for answer in everything)
    yield _section(
        "Photographs and the model that comes with the project",
        "All-CNN-C, trained on the 50,000 pictures of CIFAR-10, 32 by 32 pixels and ten classes. "
        "The photographs, from Debian's packages, are stretched to that size. "
        f"Right: {len(everything) - wrong} of {len(everything)}.",
        _image(demo / "photographs.png", "photographs with their answers"))


def _explanations(demo):
    """The section on what the model looks at; nothing where there are no photographs."""
    records = results.read_explanations(demo / "explained/explanations.json")
    if not records:
        return
    strips = "\n".join(
        f"<figure><figcaption>{html.escape(record['predicted']['class'])}, "
        f"{record['predicted']['probability']:.0%}</figcaption>\n"
        f'<img class="strip" src="{data_uri(demo / "explained" / record["strip"])}" '
        f'alt="{html.escape(record["path"])}, explained"></figure>' for record in records)
    yield _section(
        "What the model looks at",
        "Each photograph as the network sees it, enlarged without smoothing; then what speaks for "
        "the class predicted: by the gradient, the deconvnet and guided backpropagation. Above as "
        "colours round grey, below summed over colours: orange speaks for the class, blue against "
        "it. The network has no pooling, so the deconvnet has nothing to hold on to; guided "
        "backpropagation has. <code>demo/explained/index.html</code> shows them larger, "
        "docs/explanations.md says how far such pictures can be trusted.", strips)


def _training(demo, metrics, evaluation):
    """The sections on how the model came about and what it confuses."""
    charts.learning_curve(metrics, demo / "curve.png")
    charts.confusion_matrix(evaluation["confusion"], demo / "confusion.png")
    yield _section(
        "Learning curve",
        "An epoch sees every training image once, half of them mirrored. The error on training "
        "images is taken while the weights still change, so it lies above that on test images at "
        "first. Training never sees the test images.",
        _image(demo / "curve.png", "share of wrong answers by epoch"))
    yield _section(
        "What it takes for what",
        f"All {evaluation['images']:,} test images: what they show, and what the model answers.",
        _image(demo / "confusion.png", "confusion matrix"))


def _scores(demo, rows):
    """The sections on the pictures scored."""
    everything = answers.read_answers(rows)
    wrong = sum(answer.is_wrong for answer in everything)
    broken = [answer for answer in everything if "error" in answer.row]
    answers.grid(answers.first_two_of_each(everything), demo / "answers.png")
    mistakes = answers.surest_mistakes_and_broken(everything)
    answers.grid(mistakes, demo / "mistakes.png")
    yield _section(
        "Pictures and their three most probable classes",
        f"{len(rows)} test images were written as JPEG and PNG files and scored. Here are the "
        "first two of each class.",
        _image(demo / "answers.png", "twenty pictures with their answers"))
    yield _section(
        "Where it fails",
        f"Of the {len(rows)} pictures, {wrong} got a wrong answer: the {len(mistakes) - 1} of "
        "which the model was surest stand here, and the one file that no answer is possible for.",
        _image(demo / "mistakes.png", "wrong answers and the broken picture"))
    yield _section(
        "The broken picture",
        "The demo cut this JPEG file in half. It costs its own row only, which says why; the other "
        f"{len(rows) - len(broken)} pictures have their answers, and <code>score</code> ends with "
        "exit code 4: done, but some inputs failed.",
        _preformatted("\n".join(json.dumps(answer.row) for answer in broken)))


def _running(demo, plan):
    """The sections on memory and commands."""
    charts.memory(plan, demo / "memory.png")
    above = plan.sums["arena per worker"] / plan.sums["lower bound"] - 1
    yield _section(
        "Memory of a training step",
        f"{html.escape(plan.title)}. Each box is a value: it lives from the stage that writes it "
        "to the last that reads it, and shares its bytes with values of other stages. The red line "
        "is the lower bound, the most bytes alive at once; the plan needs "
        f"{above:.1%} more. Values too small for their name are drawn without.",
        _image(demo / "memory.png", "values over stages and bytes of the arena"))
    yield _section(
        "What was run", "From the project's folder:",
        _preformatted((demo / "commands.txt").read_text(encoding="utf-8")))


def write(demo, count):
    """Reads the files that the program left in `demo`; writes the drawings, then the page."""
    metrics = results.read_metrics(demo / "metrics.jsonl")
    evaluation = results.read_evaluation(demo / "evaluation.json")
    rows = results.read_scores(demo / "scores.jsonl", count, 1)
    plan = results.read_plan(demo / "plan.txt")
    sections = [*_photographs(demo), *_explanations(demo),
                *_training(demo, metrics, evaluation), *_scores(demo, rows), *_running(demo, plan)]
    (demo / "index.html").write_text(
        _PAGE.substitute(device=html.escape(plan.device), figures=_figures(metrics, evaluation),
                         sections="\n".join(sections)), encoding="utf-8")
