"""Asking an allocator that may be wrong: what it does amiss is caught, bounded in time and named."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from types import FrameType
from typing import Any

import numpy as np

from simran.allocation.base import Allocator
from simran.allocation.problem import Allocation, Problem
from simran.errors import InputError

__all__ = ["KINDS", "AllocatorFault", "Answer", "ask"]

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

    A call is ended when its time is up, in the main thread of a Unix process between two steps of the
    interpreter. Elsewhere, and in the middle of a compiled call, it ends by itself and the answer is refused.

    Parameters
    ----------
    allocator, problem : who is asked what
    limit_s : longest time that it may take [s], on the clock on the wall
    read_only : whether the arrays of the problem are made so, for good

    Raises
    ------
    AllocatorFault
        with its kind, for whatever else the allocator raises, or answers instead of an allocation
    InputError
        as the allocator raises it, for an option or a problem that it cannot work with
    """
    if read_only:
        _freeze(problem)
    began = time.perf_counter()
    try:
        with _limited(limit_s):
            told = allocator.decide(problem)
    except _TimeUp:
        raise AllocatorFault("too slow", f"was ended after {limit_s:g} s") from None
    except InputError:  # what was asked for is of no use, which the user must hear
        raise
    except Exception as error:
        kind = "changed its input" if "read-only" in str(error) else "raised"
        raise AllocatorFault(kind, f"{type(error).__name__}: {error}") from error
    wall_s = time.perf_counter() - began
    if wall_s > limit_s:
        raise AllocatorFault("too slow", f"took {wall_s:.3g} s of {limit_s:g} s")
    asked, allocation = told if isinstance(told, tuple) and len(told) == 2 else (problem, None)
    if not isinstance(allocation, Allocation):
        raise AllocatorFault("no design", f"returned {type(allocation).__name__}")
    wrong = [
        f.name
        for f in fields(Allocation)
        if f.name in _COLUMNS and not isinstance(getattr(allocation, f.name), np.ndarray)
    ]
    if wrong:
        raise AllocatorFault("no design", f"its {wrong[0]} is no array")
    return Answer(asked, allocation, wall_s)


_COLUMNS = {
    "cut", "weight_bits", "agent_frequency_hz", "server_frequency_hz", "bandwidth_share",
    "server_share", "feasible",
}  # fmt: skip


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

    def end(number: int, frame: FrameType | None) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, end)
    # Again and again, in case the code catches it.
    signal.setitimer(signal.ITIMER_REAL, limit_s, max(limit_s, 0.1))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
