"""Ending a run early without losing what it has written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from simran.results import Result

__all__ = ["RunInterrupted", "Stop", "stop_signals"]


class RunInterrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM has ended a run early; what was simulated until then is kept.

    A KeyboardInterrupt, so that a loop over runs ends too.

    Parameters
    ----------
    name : of the signal
    result : of the run so far, marked as truncated
    """

    def __init__(self, name: str, result: Result) -> None:
        super().__init__(f"{name}: {result.path} holds what was simulated until then")
        self.result = result


class Stop:
    """Whether somebody has asked the run to end.

    Parameters
    ----------
    halt : called when somebody does

    Attributes
    ----------
    asked : name of the signal, or ``""``
    """

    def __init__(self, halt: Callable[[], None]) -> None:
        self.asked = ""
        self._halt = halt

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take note of a signal."""
        self.asked = signal.Signals(number).name
        self._halt()


@contextmanager
def stop_signals(halt: Callable[[], None] = lambda: None) -> Iterator[Stop]:
    """Turn Ctrl-C and SIGTERM into a request that the run answers between two events.

    Only the main thread can receive signals; elsewhere nothing is changed.

    Parameters
    ----------
    halt : called when a signal comes
    """
    stop = Stop(halt)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    caught = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in caught}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
