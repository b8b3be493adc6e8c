"""Ending a run early without losing what it has written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stop", "stop_signals"]


class Stop:
    """Whether somebody has asked the run to end.

    Attributes
    ----------
    asked : name of the signal, or ``""``
    """

    def __init__(self) -> None:
        self.asked = ""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take note of a signal."""
        self.asked = signal.Signals(number).name


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Turn Ctrl-C and SIGTERM into a request that the run answers between two events.

    Only the main thread can receive signals; elsewhere nothing is changed.
    """
    stop = Stop()
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
