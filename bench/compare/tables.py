"""Results as the README's table."""


def _figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _rate(engine):
    if engine is None:
        return "-"
    rate = engine["images_per_second"]
    return f"{_figure(rate['median'])} ({_figure(rate['least'])} to {_figure(rate['most'])})"


def _ratio(value):
    return "-" if value is None else f"{value:.2f}"


def _row(cell, names):
    engines = {engine["name"]: engine for engine in cell["engines"]}
    best = cell["best_peer"]
    words = "-" if best is None else f"{best}: {engines[best]['arrangement']}"
    network = f"{cell['network']} {cell['options']}".strip()
    return [network, cell["mode"], str(cell["batch_size"]), str(cell["threads"]),
            *(_rate(engines.get(name)) for name in names),
            words, _ratio(cell["ratio_to_best"]), _ratio(cell["ratio_to_onednn"])]


def make_table(results):
    """Images per second: median (least to most) of the turns; the ratios are of medians."""
    found = {engine["name"] for cell in results["cells"] for engine in cell["engines"]}
    names = [name for name in results["versions"] if name in found]
    heads = ["network", "mode", "batch", "threads", *names, "best peer", "to best", "to oneDNN"]
    rows = [heads, ["---"] * len(heads), *(_row(cell, names) for cell in results["cells"])]
    versions = ", ".join(f"{name} {results['versions'][name]}" for name in names)
    return (f"{results['device']}, {results['cores']} cores; {results['precision']}; "
            f"{results['processes']}; "
            f"images/s, median (least to most) of {results['rounds']} turns; {versions}\n\n"
            + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n")
