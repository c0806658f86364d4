"""A stage's JSON: written anew after each part, so that nothing is lost and nothing runs twice."""

import json
import os
import time

PASS, FAIL, UNFINISHED, UNAVAILABLE = "PASS", "FAIL", "UNFINISHED", "NOT AVAILABLE"


def write_whole(path, text):
    """The file is the old one or the new one, whenever the process ends."""
    beside = path.with_name(path.name + ".new")
    with open(beside, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def read(path):
    """A stage's JSON; None where there is no whole one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "parts" in content else None


class Record:
    """What is known of a stage. `identity`: the commit and the device that results hold for."""

    def __init__(self, path, stage, identity, keep):
        self.path = path
        self.content = {"stage": stage, "status": UNFINISHED, **identity, "parts": []}
        before = read(path)
        if keep and before and all(before.get(key) == identity[key] for key in identity):
            self.content["parts"] = before["parts"]

    @property
    def status(self):
        return self.content["status"]

    def has_passed(self, name):
        return any(part["name"] == name and part["status"] == PASS
                   for part in self.content["parts"])

    def put(self, name, result):
        """The result of a part, in place of an older one."""
        parts = [part for part in self.content["parts"] if part["name"] != name]
        ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.content["parts"] = [*parts, {"name": name, "ended": ended, **result}]
        self.write()

    def close(self, names):
        """All parts that the stage has now, in their order."""
        known = {part["name"]: part for part in self.content["parts"]}
        self.content["parts"] = [known[name] for name in names if name in known]
        statuses = [part["status"] for part in self.content["parts"]]
        if FAIL in statuses:
            self.content["status"] = FAIL
        elif len(statuses) < len(names):
            self.content["status"] = UNFINISHED
        else:
            self.content["status"] = UNAVAILABLE if UNAVAILABLE in statuses else PASS
        self.content["missing"] = [name for name in names if name not in known]
        self.write()

    def summary(self):
        parts = self.content["parts"]
        cases = {kind: sum(part.get("cases", {}).get(kind, 0) for part in parts)
                 for kind in ("passed", "failed", "skipped")}
        missing = len(self.content.get("missing", ()))
        text = f"{len(parts)} parts"
        if any(cases.values()):
            text += ", cases: " + ", ".join(f"{count} {kind}" for kind, count in cases.items())
        return text + (f", {missing} parts to go: give the command again" if missing else "")

    def write(self):
        write_whole(self.path, json.dumps(self.content, indent=1) + "\n")
