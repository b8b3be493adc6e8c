"""Asking an allocator that may be wrong: what it does amiss is caught, bounded in time and named."""

from __future__ import annotations

import copy
import math
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from types import FrameType
from typing import Any

import numpy as np

from simran.allocation.base import Allocator
from simran.allocation.changes import changed
from simran.allocation.problem import Allocation, Problem
from simran.errors import InputError

__all__ = ["KINDS", "AllocatorFault", "Answer", "ask", "explained", "remarked", "said"]

#: What an allocator can do amiss, and what that is called.
KINDS = {
    "raised": "raised an exception",
    "no design": "returned something that is no Allocation",
    "changed its input": "tried to change the problem that it was given",
    "too slow": "took longer than allocator.time_limit",
    "impossible": "returned what no agent, cell or server can do",
}


class AllocatorFault(Exception):  # noqa: N818 - not an error of the program
    """What an allocator did amiss.

    Parameters
    ----------
    kind : one of :data:`KINDS`
    message : what happened
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _TimeUp(BaseException):
    """Ends an allocator that takes too long, past its own ``except Exception``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an allocator said.

    Parameters
    ----------
    problem : what was asked in the end
    allocation : the design
    wall_s : how long it took [s]
    """

    problem: Problem
    allocation: Allocation
    wall_s: float


def ask(
    allocator: Allocator, problem: Problem, limit_s: float = math.inf, *, read_only: bool = True
) -> Answer:
    """Return the answer of an allocator, which cannot change the problem that it is given.

    One that is not of simran's own is given a copy, and what it does to that is looked for.

    A call is ended when its time is up, in the main thread of a Unix process between two steps of the
    interpreter. Elsewhere, and in the middle of a compiled call, it ends by itself and the answer is refused.

    Parameters
    ----------
    allocator, problem : who is asked what
    limit_s : longest time that it may take [s], on the clock on the wall
    read_only : whether the arrays of the problem are made so, for good, and changes of it are faults

    Raises
    ------
    AllocatorFault
        with its kind, for whatever else the allocator raises, or answers instead of an allocation
    InputError
        as the allocator raises it, for an option or a problem that it cannot work with
    """
    own = type(allocator).__module__.partition(".")[0] == "simran"
    trusted = own or not read_only
    given = problem if trusted else copy.deepcopy(problem)
    if read_only:
        _freeze(given)
    began = time.perf_counter()
    try:
        with _limited(limit_s), np.errstate():  # the errors of numpy that it sets are its own
            told = allocator.decide(given)
    except _TimeUp:
        raise AllocatorFault("too slow", f"was ended after {limit_s:g} s") from None
    except InputError:  # what was asked for is of no use, which the user must hear
        raise
    except (Exception, SystemExit) as error:
        what = said(error)
        kind = "changed its input" if "read-only" in what else "raised"
        raise AllocatorFault(kind, what) from error
    wall_s = time.perf_counter() - began
    if wall_s > limit_s:
        raise AllocatorFault("too slow", f"took {wall_s:.3g} s of {limit_s:g} s")
    name = "" if trusted else changed(problem, given)
    if name:  # by force, or where arrays are not read-only
        raise AllocatorFault("changed its input", f"{name} was changed")
    asked, allocation = told if isinstance(told, tuple) and len(told) == 2 else (given, None)
    if not isinstance(allocation, Allocation):
        raise AllocatorFault("no design", f"returned {type(allocation).__name__}")
    return Answer(problem if asked is given else asked, _copied(allocation), wall_s)


def explained(
    allocator: Allocator, problem: Problem, allocation: Allocation, row: int, limit_s: float
) -> str:
    """Return what an allocator says about the design of an agent, or that it could not say it.

    Parameters
    ----------
    allocator, problem, allocation, row : as for :meth:`simran.allocation.Allocator.explain`
    limit_s : longest time that it may take [s], as for :func:`ask`
    """
    return _told(lambda: allocator.explain(problem, allocation, row), "explanation", limit_s)


def remarked(allocator: Allocator, problem: Problem, allocation: Allocation, limit_s: float) -> str:
    """Return what an allocator says about its answer as a whole, or that it could not say it.

    Parameters
    ----------
    allocator, problem, allocation : as for :meth:`simran.allocation.Allocator.remark`
    limit_s : longest time that it may take [s], as for :func:`ask`
    """
    return _told(lambda: allocator.remark(problem, allocation), "remark", limit_s)


def _told(tell: Callable[[], str], what: str, limit_s: float) -> str:
    try:
        with _limited(limit_s):
            return str(tell())
    except _TimeUp:
        return f"its {what} took longer than {limit_s:g} s"
    except (Exception, SystemExit) as error:
        return f"its {what} failed: {said(error)}"


def said(error: BaseException) -> str:
    """Return kind and message of an error, short, and the same in every process.

    Examples
    --------
    >>> said(ValueError("no such <thing at 0x7f00>"))
    'ValueError: no such <thing>'
    """
    try:
        message = str(error)
    except Exception:  # the message is made by code that is not ours, too
        message = "(its message cannot be told)"
    message = re.sub(r" at 0x[0-9a-fA-F]+", "", message[: 2 * _LONGEST])
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "…"
    return f"{type(error).__name__}: {message}"


_LONGEST = 400
_NUMBERS = ("agent_frequency_hz", "server_frequency_hz", "bandwidth_share", "server_share")
_COLUMNS = ("cut", "weight_bits", *_NUMBERS, "feasible")


def _copied(allocation: Allocation) -> Allocation:
    """Return a design with arrays of its own: an allocator may fill the same ones again."""
    columns: dict[str, Any] = {}
    for name in _COLUMNS:
        given = getattr(allocation, name)
        if not isinstance(given, np.ndarray):
            raise AllocatorFault("no design", f"its {name} is no array")
        if isinstance(given, np.ma.MaskedArray):
            raise AllocatorFault("no design", f"its {name} has a mask")
        if name in _NUMBERS and given.dtype.kind not in "fiu":
            raise AllocatorFault("no design", f"its {name} is not of real numbers")
        columns[name] = np.array(given, dtype=np.float64 if name in _NUMBERS else None)
    if not isinstance(allocation.allocator, str):
        raise AllocatorFault("no design", "its allocator is no name")
    return replace(allocation, **columns)


def _freeze(part: Any) -> None:
    """Make the arrays of a dataclass read-only, those of its parts included."""
    for it in fields(part):
        value = getattr(part, it.name)
        for entry in value if isinstance(value, tuple) else (value,):
            if isinstance(entry, np.ndarray):
                entry.setflags(write=False)
            elif hasattr(entry, "__dataclass_fields__"):
                _freeze(entry)


@contextmanager
def _limited(limit_s: float) -> Iterator[None]:
    """Raise in the code within when the time is up, where the platform can."""
    here = threading.current_thread() is threading.main_thread()
    if math.isinf(limit_s) or not here or not hasattr(signal, "setitimer"):
        yield
        return

    listening = [True]

    def end(number: int, frame: FrameType | None) -> None:
        if listening:
            raise _TimeUp

    before = signal.signal(signal.SIGALRM, end)
    # Again and again, in case the code catches it.
    others_s, again_s = signal.setitimer(signal.ITIMER_REAL, limit_s, max(limit_s, 0.1))
    began = time.monotonic()
    try:
        try:
            yield
        finally:
            listening.clear()
    finally:  # also where the time was up on the way out
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        if others_s:  # somebody else's alarm, such as that of a test, which may be due by now
            left_s = others_s - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(left_s, 1e-6), again_s)
