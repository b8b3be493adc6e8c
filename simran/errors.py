"""The error tree.

::

    SimranError
    ├── InputError              bad input of any kind: the command line exits with 2
    │   ├── ScenarioError       faults in scenario, profile or trace files, all at once
    │   ├── UnknownNameError    a name that is not registered, with the nearest one
    │   └── OutputError         a result folder that cannot be written or read
    ├── AllocationError         an allocator returned what is physically impossible
    └── RunError                the run itself failed: the command line exits with 1
        ├── InvariantError      a named invariant of the run did not hold
        └── StorageError        what the run found cannot be written, as on a full disk
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "AllocationError",
    "Fault",
    "InputError",
    "InvariantError",
    "OutputError",
    "RunError",
    "ScenarioError",
    "SimranError",
    "StorageError",
    "UnknownNameError",
    "hint",
    "nearest",
    "shown",
    "word",
]

_MOST_SHOWN = 60


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like ``name``, or None.

    Examples
    --------
    >>> nearest("exakt", ["exact", "sca"])
    'exact'
    """
    text = str(name)
    if len(text) > _MOST_SHOWN:  # no slip of a key, and the comparison takes its square in time
        return None
    names = list(known)
    same = [it for it in names if it.lower() == text.lower()]
    if same:
        return same[0]
    matches = difflib.get_close_matches(text, names, n=1, cutoff=0.55)
    if not matches and len(text) >= 3:  # part of a longer name
        matches = [it for it in names if text.lower() in it.lower()]
    return matches[0] if matches else None


def hint(name: str, known: Iterable[str]) -> str:
    """Return what to tell who asked for a name that is not known.

    Examples
    --------
    >>> hint("exakt", ["exact", "sca"]), hint("q", ["exact", "sca"])
    ("did you mean 'exact'?", 'known: exact, sca')
    """
    names = sorted(known)
    best = nearest(name, names)
    if best:
        return f"did you mean {best!r}?"
    rest = f", … {len(names) - 20} more" if len(names) > 20 else ""
    return f"known: {', '.join(map(word, names[:20])) or 'none'}{rest}"


def word(text: str) -> str:
    """Return a name as it is where that can be read on one line, else as :func:`shown` has it.

    Examples
    --------
    >>> word("gnb-1"), word(" ")
    ('gnb-1', "' '")
    """
    plain = text.isprintable() and text.strip() and len(text) <= _MOST_SHOWN
    return text if plain else shown(text)


def shown(value: object) -> str:
    """Return a value as messages show it: on one line, and short.

    Examples
    --------
    >>> shown("a" * 100)[-6:], shown(2.5)
    ("aaaa…'", '2.5')
    """
    if isinstance(value, str):
        return repr(value if len(value) <= _MOST_SHOWN else value[:_MOST_SHOWN] + "…")
    if isinstance(value, dict):
        keys = ", ".join(f"{word(str(key)[:20])}: …" for key in itertools.islice(value, 3))
        return f"a mapping {{{keys}}}" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        text = repr(value)
    except ValueError:  # an integer of too many digits
        text = "a number of very many digits"
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in an input file: where, what was expected, what was found, and the mend.

    Parameters
    ----------
    message : what was expected and what was found
    file, line, column : the place; line and column count from 1, 0 when unknown
    path : key path such as ``agents.inspector.budget.delay``
    suggestion : how to mend it, or None
    """

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    suggestion: str | None = None

    def __str__(self) -> str:
        file = self.file if self.file.isprintable() else repr(self.file)[1:-1]
        place = file + (f":{self.line}:{self.column}" if self.line else "")
        head = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{head} ({self.suggestion})" if self.suggestion else head


class SimranError(Exception):
    """Base of every error that simran raises on purpose."""


class InputError(SimranError):
    """Bad input; nothing was run."""


class ScenarioError(InputError):
    """Faults in input files, all of them.

    Parameters
    ----------
    faults : the faults in file order
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the way back from another process."""
        return type(self), (self.faults,)


class UnknownNameError(InputError):
    """A name that is not known, with the nearest one that is.

    Parameters
    ----------
    kind : what was looked for, such as ``"allocator"``
    name : the name that was asked for
    known : the names that exist
    of : what it would belong to, such as ``"allocator 'exact'"``
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], of: str = "") -> None:
        self._arguments = kind, name, tuple(known), of
        owner = f" of {of}" if of else ""
        super().__init__(f"unknown {kind} {shown(name)}{owner}; {hint(name, self._arguments[2])}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the way back from another process."""
        return type(self), self._arguments


class OutputError(InputError):
    """A result folder that cannot be written or read."""


class AllocationError(SimranError):
    """An allocator returned a physically impossible design, which was refused."""


class RunError(SimranError):
    """The run failed."""


class InvariantError(RunError):
    """A named invariant of the run did not hold."""


class StorageError(RunError):
    """What the run found cannot be written, as on a full disk."""
