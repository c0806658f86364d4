"""The whole program walked through its points of failure: it runs once undisturbed, which tells its
calls on files, and then once for each call and each fault that such a call can meet."""

import dataclasses
import errno
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import program  # noqa: E402: found by the line above

# What a failing call answers; the quick walk takes the first of each.
ERRORS = {
    "open": (errno.EIO, errno.EMFILE, errno.ENOSPC, errno.EACCES),
    "read": (errno.EIO,),
    "write": (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG),
    "sync": (errno.EIO, errno.ENOSPC, errno.EDQUOT),
    "close": (errno.EIO, errno.ENOSPC, errno.EDQUOT),
    "rename": (errno.EIO, errno.ENOSPC, errno.EACCES),
    "unlink": (errno.EIO, errno.EACCES),
    "truncate": (errno.EIO,),
    "lock": (errno.ENOLCK, errno.EIO),
    "examine": (errno.EIO, errno.EACCES),
    "make": (errno.ENOSPC, errno.EIO),
    "list": (errno.EIO,),
}
INTERRUPTIBLE = ("open", "read", "write", "sync", "close", "truncate", "lock")
CHANGING = ("open", "write", "sync", "close", "rename", "unlink", "truncate", "make")
DEATHS = ("kill", "power-cut")


@dataclasses.dataclass(frozen=True)
class Point:
    """One fault of one call."""
    at: int  # from 1
    kind: str
    path: str
    fault: str  # as in ALLCONV_FAULT

    def is_invisible(self):
        return self.fault.endswith("half") or self.fault == str(errno.EINTR)

    def is_death(self):
        return self.fault in DEATHS


def faults_of(kind, full):
    faults = [str(number) for number in ERRORS[kind][:None if full else 1]]
    if full:
        faults += ["for-good:" + fault for fault in faults]
    if kind in INTERRUPTIBLE:
        faults.append(str(errno.EINTR))
    if kind in ("read", "write"):
        faults.append("half")
        if full:
            faults.append("for-good:half")
    return faults


class Walk(program.ProgramTest):
    """`inputs` is made once and only read; `folder` is emptied before each run."""

    shim = None  # path of the shared object that interposes the calls
    full = False

    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="allconv-faults-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.inputs = cls.root / "inputs"
        cls.pictures = cls.inputs / "pictures"
        program.write_pictures(cls.pictures, count=1)  # a folder each: no fault meets two
        cls.network = cls.inputs / "tiny.json"
        cls.network.write_text(json.dumps(program.NETWORK))
        cls.model = cls.inputs / "model.safetensors"
        result = cls.run_program("train", cls.pictures, "-o", cls.model, "--network", cls.network,
                                 "--epochs", 1)
        assert result.returncode == 0, result.stderr

    def setUp(self):
        self.folder = self.root / "outputs"
        self.folder.mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, self.folder)

    def prepare(self):
        """Puts `folder` into its state before a run."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def run_at(self, at, fault, arguments):
        """Runs with the fault at call number `at`; returns the result and the calls made."""
        log = self.root / "calls"
        environment = {**os.environ, "LD_PRELOAD": self.shim, "ALLCONV_FAULT_LOG": str(log),
                       "ALLCONV_FAULT_FOLDER": str(self.root), "ALLCONV_FAULT_AT": str(at),
                       "ALLCONV_FAULT": fault}
        options = environment.get("ASAN_OPTIONS", "")
        # The shared object stands before the sanitizer's runtime, which it gets along with.
        environment["ASAN_OPTIONS"] = ":".join(filter(None, (options, "verify_asan_link_order=0")))
        result = self.run_program(*arguments, env=environment)
        return result, [line.split(" ", 1) for line in log.read_text().splitlines()]

    def calls(self, arguments, code=0):
        """Of an undisturbed run, which ends with the code."""
        self.prepare()
        result, calls = self.run_at(0, "", arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertTrue(calls)
        return calls

    def points(self, calls):
        """Every fault of every call, and a death at each that changes something among the
        outputs."""
        for at, (kind, path) in enumerate(calls, 1):
            faults = faults_of(kind, self.full)
            if kind in CHANGING and path.startswith(str(self.folder)):
                faults += DEATHS
            for fault in faults:
                yield Point(at, kind, path, fault)

    def walk(self, arguments, check, code=0):
        """`check(point, result)` sees `folder` after each run; undisturbed it ends with the code.
        What holds for all runs is checked here. Returns the kinds of calls."""
        calls = self.calls(arguments, code)
        for point in self.points(calls):
            self.prepare()
            with self.subTest(point):
                result, calls = self.run_at(point.at, point.fault, arguments)
                kind, path = calls[point.at - 1]
                self.assertEqual(kind, point.kind)
                met = dataclasses.replace(point, path=path)  # names of temporary files differ
                self.check_ending(met, result, code)
                check(met, result)
        return {kind for kind, _ in calls}

    def codes(self, undisturbed):
        """That a run with a fault may end with."""
        return (undisturbed, 4, 6)

    def check_ending(self, point, result, undisturbed):
        """The exit code, and what is said."""
        code, said = result.returncode, result.stderr
        if point.is_death():
            self.assertEqual(code, -signal.SIGKILL, said)
            return
        if point.is_invisible():
            self.assertEqual(code, undisturbed, said)
        else:
            self.assertIn(code, self.codes(undisturbed), said)
        if code == 6:
            sentence = said.splitlines()[-1]
            self.assertTrue(sentence.startswith("allconv: "), said)
            self.assertIn(str(self.root), sentence)
            self.assertIn("; ", sentence)
        # A program that lives on to tell of a failure leaves no half-written files.
        self.assertEqual(list(self.folder.rglob("*.tmp")), [])
