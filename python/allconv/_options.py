"""Sessions and their options: how the package's calls come to the one that they run in."""

import os
import threading
from typing import Any, Callable, NamedTuple, Optional

from . import _core
from ._errors import AllconvWarning, UsageError, warn

# Bits of allconv.h's ALLCONV_FOR_*.
PURPOSES = {"scores": 1, "training": 2, "gradient": 4, "deconvnet": 8, "guided": 16}
METHODS = ("gradient", "deconvnet", "guided")  # by their number in allconv.h
ELEMENTS = ("uint8", "float32")
SEVERITIES = ("note", "warning")

Diagnostics = Callable[[str, str], Any]


class Key(NamedTuple):
    """What a session is made for. Sessions of equal keys can stand in for each other."""

    purposes: int
    is_float: bool
    batch_size: int = 64
    threads: int = 0
    device: str = "auto"
    precision: str = "fp32"
    deterministic: bool = False
    layer: str = ""
    workspace_limit: int = 0
    tuning_file: str = ""
    seed: int = 0


def choice(name: str, value: str, choices: Any) -> str:
    """`value`, which must be one of the choices."""
    if value not in choices:
        raise UsageError(f"{name}: {value!r} is none; give one of {', '.join(map(repr, choices))}")
    return value


def native_options(key: Key) -> _core.SessionOptions:
    options = _core.SessionOptions()
    for name, value in zip(Key._fields, key):
        setattr(options, name, value)
    return options


def tell(session: _core.Session, diagnostics: Optional[Diagnostics] = None) -> None:
    """Passes on what the session has noted. Without a callable warnings become Python's."""
    for severity, sentence in session.take_notes():
        if diagnostics is not None:
            diagnostics(SEVERITIES[severity], sentence)
        elif severity > 0:
            warn(sentence, AllconvWarning)


class SessionPool:
    """A model's sessions that no thread uses at the moment; a thread that finds none makes one.

    A session belongs to the process that made it: a fork has none of the threads.
    """

    KEPT = 16  # idle sessions; the one unused for longest goes first

    def __init__(self, model: _core.Model):
        self._model = model
        self._lock = threading.Lock()
        self._idle: list = []  # [(process, key, session)]

    def take(self, key: Key) -> _core.Session:
        process = os.getpid()
        with self._lock:
            for index in range(len(self._idle) - 1, -1, -1):
                if self._idle[index][1] == key and self._idle[index][0] == process:
                    return self._idle.pop(index)[2]
        return _core.Session(self._model, native_options(key))

    def give(self, key: Key, session: _core.Session) -> None:
        with self._lock:
            self._idle.append((os.getpid(), key, session))
            oldest = self._idle.pop(0) if len(self._idle) > self.KEPT else None
        del oldest  # outside the lock: its threads end
