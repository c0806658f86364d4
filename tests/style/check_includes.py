#!/usr/bin/env python3
"""The include graph: rooms look down, kernels never see the engine, nothing includes itself."""

import posixpath
import re

from tree import Tree, run_check

# From the ground up. A room includes itself and the rooms before it; the programs stand on top.
ROOMS = ("kernels", "engine/support", "engine/runtime", "engine/graph", "engine/plan",
         "engine/execute", "engine/formats", "engine/onnx", "engine/prepare", "engine/data",
         "engine/score", "engine/train", "engine/report", "engine/explain", "engine/api", "bench",
         "tools", "tests")
# These may use the public headers, beside those of the rooms below them.
SEE_PUBLIC_HEADERS = ("engine/api", "bench", "tools", "tests")
# What embeds the library as a stranger would.
OUTSIDERS = ("include", "python", "examples")
PUBLIC_HEADER, PUBLIC_REACH = "include/allconv/allconv.hpp", 6
# What a file compiled for an instruction set may see. That none of it leaves a symbol behind is
# checked in the objects: check_symbols.py.
SIMD_MAY_SEE = re.compile(r"kernels/(simd/\w+\.hpp|\w+/\w*simd\.hpp|\w+/problem\.hpp|core/\w+\.hpp"
                          r"|dropout/(mask|philox)\.hpp"
                          r"|conv2d/(panel_product|rank_update|winograd\w*)\.hpp)$")


def room_of(path):
    parts = path.split("/")
    return parts[0] if parts[0] != "engine" else "/".join(parts[:2])


def may_include(path, included):
    room, target = room_of(path), room_of(included)
    if room == target:
        return True
    if room in OUTSIDERS:
        return target == "include"
    if target == "include":
        return room in SEE_PUBLIC_HEADERS
    return room in ROOMS and target in ROOMS and ROOMS.index(target) < ROOMS.index(room)


def kernel_faults(path, included):
    """The core knows no operation, and code for an instruction set sees plain data alone."""
    if path.startswith(("kernels/core/", "kernels/simd/", "kernels/ptx/")):
        if not included.startswith(("kernels/core/", "kernels/simd/", "kernels/ptx/")):
            return [f"{path}: includes {included}, an operation's: core, simd and ptx know none"]
    if path.endswith("simd.cpp") and not SIMD_MAY_SEE.match(included):
        return [f"{path}: includes {included}: a file compiled for an instruction set includes "
                "only kernels/simd and plain data"]
    return []


def include_graph(tree):
    """({path: [included paths]}, faults of includes that name no file from the root)."""
    graph, faults = {}, []
    for path in tree.all_sources():
        graph[path] = []
        for included in tree.source(path).includes():
            beside = posixpath.join(posixpath.dirname(path), included)
            if tree.exists(included) or tree.exists("include/" + included):
                graph[path].append(included if tree.exists(included) else "include/" + included)
            elif tree.exists(beside):
                faults.append(f"{path}: includes {included} beside itself: name it from the root")
    return graph, faults


def cycle(graph):
    """The files of one include cycle, or nothing."""
    done, trail = set(), []

    def visit(path):
        if path in trail:
            return trail[trail.index(path):] + [path]
        if path in done:
            return []
        trail.append(path)
        for included in graph.get(path, []):
            if found := visit(included):
                return found
        trail.pop()
        done.add(path)
        return []

    return next((found for path in graph if (found := visit(path))), [])


def reach(graph, start):
    """The files that `start` includes, directly or not."""
    seen, waiting = set(), [start]
    while waiting:
        for included in graph.get(waiting.pop(), []):
            if included not in seen:
                seen.add(included)
                waiting.append(included)
    return seen


def find_faults(tree: Tree):
    graph, faults = include_graph(tree)
    for path, includes in graph.items():
        for included in includes:
            if not may_include(path, included):
                faults.append(f"{path}: includes {included}, which stands above its room")
            faults += kernel_faults(path, included)
    if found := cycle(graph):
        faults.append("include cycle: " + " -> ".join(found))
    if len(reach(graph, PUBLIC_HEADER)) > PUBLIC_REACH:
        faults.append(f"{PUBLIC_HEADER}: reaches {len(reach(graph, PUBLIC_HEADER))} own headers, "
                      f"at most {PUBLIC_REACH}")
    for folder in sorted((tree.root / "engine").glob("*/")):
        if f"engine/{folder.name}" not in ROOMS:
            faults.append(f"engine/{folder.name}: no room of this name in check_includes.py")
    return faults


if __name__ == "__main__":
    run_check(find_faults, __doc__)
