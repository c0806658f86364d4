"""Parts that are tests of device_tests: counted by GoogleTest's own JSON."""

import json
import pathlib
import re
import tempfile

from execution import Unusable, run
from records import FAIL, PASS

NO_DEVICE = 5
KEPT_FAILURES = 20
_INNER_KEYS = {"name", "file", "line", "status", "result", "timestamp", "time", "classname",
               "failures", "type_param", "value_param"}
_BEGUN = re.compile(r"\[ RUN      \] (\S+)")


def listed(programs, *arguments):
    """{suite: [names]} of the tests that the arguments leave."""
    finished = run(programs.command("device_tests", *arguments, "--gtest_list_tests"), 120)
    if finished.code != 0:
        raise Unusable(f"device_tests cannot list its tests: it {finished.why()}: "
                       f"{finished.last_words().strip()}")
    suites = {}
    for line in finished.output.splitlines():
        if not line.startswith(" "):
            names = suites.setdefault(line.split("  #")[0].strip().rstrip("."), [])
        else:
            names.append(line.split("  #")[0].strip())
    return suites


def _tests(report):
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            yield f"{suite['name']}.{test['name']}", test


def _counted(report):
    cases = {"passed": 0, "failed": 0, "skipped": 0}
    failures, properties = [], {}
    for name, test in _tests(report):
        own = {key: value for key, value in test.items() if key not in _INNER_KEYS}
        if own:
            properties[name] = own
        if test.get("failures"):
            cases["failed"] += 1
            text = "\n".join(failure["failure"] for failure in test["failures"])
            failures.append({"case": name, "text": text})
        else:
            cases["skipped" if test["result"] == "SKIPPED" else "passed"] += 1
    return cases, failures, properties


def run_tests(programs, arguments, limit, prefix=(), environment=None):
    """The part's result. `prefix`: a program that runs device_tests, and its arguments."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        command = [*prefix, *programs.command("device_tests", *arguments)]
        finished = run([*command, f"--gtest_output=json:{report}"], limit, environment)
        if finished.code == NO_DEVICE:
            raise Unusable(finished.output.strip().splitlines()[-1], NO_DEVICE)
        try:
            content = json.loads(report.read_text(encoding="utf-8", errors="replace"))
        except (OSError, ValueError):
            content = {"testsuites": []}
    cases, failures, properties = _counted(content)
    result = {"status": PASS if finished.code == 0 and cases["passed"] else FAIL,
              "seconds": round(finished.seconds, 2), "cases": cases,
              "command": " ".join(str(word) for word in command),
              "failures": failures[:KEPT_FAILURES], "properties": properties}
    notes = {line: None for own in properties.values() for line in own.get("note", "").splitlines()}
    if notes:
        result["note"] = "\n".join(notes)
    if finished.code is None:
        result["timed_out"] = True
    if result["status"] == FAIL and not failures:
        begun = _BEGUN.findall(finished.output)
        last = f" in {begun[-1]}" if begun else ""
        why = finished.why() if finished.code != 0 else "ran no test"
        result["failures"] = [{"case": begun[-1] if begun else "-",
                               "text": f"device_tests {why}{last}\n{finished.last_words()}"}]
    return result
