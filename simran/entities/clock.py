"""Simulated time: SimPy's environment with absolute times, and the alarm a process sleeps on."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from heapq import heappop, heappush
from typing import Any

from simpy.core import Environment
from simpy.events import NORMAL, Event, Process

from simran.results.records import Request

__all__ = ["Alarm", "Clock"]


class Clock(Environment):
    """A SimPy environment that also schedules at absolute times.

    SimPy schedules by delay, so the time of an event is ``now + (time - now)``, which can miss
    ``time`` by a rounding error and set a stage's start before the end of the stage before it.

    Attributes
    ----------
    halted : set it to stop :meth:`advance` after the present event
    """

    halted = False

    def __init__(self) -> None:
        super().__init__()
        self.next_id = self._eid.__next__

    def call_at(self, time_s: float, callback: Callable[[Event], Any], value: object) -> None:
        """Call ``callback(event)`` at ``time_s`` [s], with ``event.value`` set to ``value``."""
        event = _Tick(self, [callback])
        event._value = value
        heappush(self._queue, (time_s, NORMAL, next(self._eid), event))

    def carry(
        self, time_s: float, callbacks: tuple[Callable[[Request], None], ...], request: Request
    ) -> None:
        """Call ``callbacks`` with a request at ``time_s`` [s]; until then it is nowhere else."""
        request.callbacks = callbacks
        event: Any = request  # it has what the loop asks of an event
        heappush(self._queue, (time_s, NORMAL, self.next_id(), event))

    def start(self, life: Generator[Event, None, None]) -> None:
        """Start a process that lives as long as the run."""
        _Life(self, life)

    def at(self, time_s: float) -> Event:
        """Return an event to wait for, which happens at ``time_s`` [s]."""
        event = _Tick(self, [])
        heappush(self._queue, (time_s, NORMAL, next(self._eid), event))
        return event

    def hold(self) -> Event:
        """Stop after the present event; return what a process waits for until :meth:`release`."""
        self.halted = True
        return _Tick(self, [])

    def release(self, event: Event, halted: bool) -> None:
        """Go on at once with who waits for ``event``, before any other event.

        Parameters
        ----------
        event : of :meth:`hold`
        halted : whether the run was to stop there anyway
        """
        self.halted = halted
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(event)

    def advance(self, until_s: float, events: int) -> bool:
        """Process at most ``events`` events before ``until_s``; say whether any are left there.

        The loop of ``Environment.run`` without a call per event, and in portions, so that a caller
        can draw its progress and answer a signal between two events.
        """
        queue = self._queue
        for _ in range(events):
            if not queue or queue[0][0] >= until_s or self.halted:
                return False
            self._now, _, _, event = heappop(queue)
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok and not getattr(event, "_defused", False):
                raise event._value
        return True

    def close(self, time_s: float) -> None:
        """Move the clock to ``time_s`` [s], the end of the run."""
        self._now = time_s


# Slots keep an event or a process in one piece of memory; with thousands of agents that counts.
class _Life(Process):
    __slots__ = ("_generator", "_target", "callbacks", "env")


class _Tick(Event):
    """An event that is triggered from the start, to be scheduled at once."""

    __slots__ = ("_value", "callbacks", "env")

    _ok = True

    def __init__(self, clock: Clock, callbacks: list[Callable[[Event], Any]]) -> None:
        self.env = clock
        self.callbacks = callbacks
        self._value: Any = None


class Alarm(_Tick):
    """What a long-lived process sleeps on: an event, set for a due time that may move forward.

    Parameters
    ----------
    clock : the simulated time

    Examples
    --------
    A process body is ``while True: yield alarm.rest_until(due); wake()``; any callback may call
    :meth:`bring_forward` meanwhile.
    """

    __slots__ = ("_clock", "_event", "_next_id", "_queue", "due_s")

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, [])
        self._clock = clock
        self._queue = clock._queue
        self._next_id = clock.next_id
        self._event: _Tick = self
        self.due_s = math.inf

    def rest_until(self, due_s: float) -> Event:
        """Return the event to sleep on, which fires at ``due_s`` [s], or when brought forward."""
        event = self._event
        event.callbacks = []
        self.due_s = due_s
        if due_s != math.inf:
            heappush(self._queue, (due_s, NORMAL, self._next_id(), event))
        return event

    def bring_forward(self, due_s: float) -> None:
        """Wake the sleeper at ``due_s`` [s] unless it wakes earlier anyway."""
        if due_s >= self.due_s:
            return
        if self.due_s != math.inf:
            # SimPy cannot take an event back: the old one fires with nobody listening, and another
            # stands in for it from now on.
            moved = _Tick(self._clock, self._event.callbacks)
            self._event.callbacks = []
            self._event = moved
        self.due_s = due_s
        heappush(self._queue, (due_s, NORMAL, self._next_id(), self._event))
