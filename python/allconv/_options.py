"""Sessions and their options: how the package's calls come to the one that they run in."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional

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


class Forks:
    """How often this process was forked off another: sessions have threads, which stay behind."""

    count = 0

    @classmethod
    def add(cls) -> None:
        cls.count += 1


os.register_at_fork(after_in_child=Forks.add)


class SessionPool:
    """A model's sessions that no thread uses at the moment; a thread that finds none makes one.

    There is no lock, which a fork might find closed: each step is one of a list or a dictionary.
    """

    KEPT = 16  # idle sessions of one key
    KEYS = 8  # of which any are kept; the first goes first

    def __init__(self, model: _core.Model):
        self._model = model
        self._forks = Forks.count
        self._idle: Dict[Key, List[_core.Session]] = {}

    def take(self, key: Key) -> _core.Session:
        if self._forks != Forks.count:
            self._forks, self._idle = Forks.count, {}
        try:
            return self._idle[key].pop()
        except (KeyError, IndexError):
            return _core.Session(self._model, native_options(key))

    def give(self, key: Key, session: _core.Session) -> None:
        idle = self._idle.setdefault(key, [])
        if len(idle) < self.KEPT:
            idle.append(session)
        if len(self._idle) > self.KEYS:
            self._idle.pop(list(self._idle)[0], None)
