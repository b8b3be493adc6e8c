"""Asking for designs from outside: the run stands still before each decision until it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simpy.events import Event

from simran.allocation import Allocation, Allocator, Problem
from simran.entities import Clock

__all__ = ["Asking", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """A decision that is due.

    Parameters
    ----------
    time_s : simulated time [s]
    problem : as the controller has observed it
    agent : whose request it is about, index; None for a decision for all agents
    """

    time_s: float
    problem: Problem
    agent: int | None


class Asking:
    """Stops the clock with a question, and passes the answer on as an allocator's would be.

    Attributes
    ----------
    clock : of the run, which sets it
    question : that is due, or None
    allocator : what the controller asks; it says what :meth:`answer` was given
    """

    clock: Clock

    def __init__(self) -> None:
        self.question: Question | None = None
        self.allocator = _Told()
        self._event: Event | None = None
        self._halted = False

    def pause(self, problem: Problem, agent: int | None) -> Event:
        """Return what to wait for until the question is answered."""
        self._halted = self.clock.halted
        self.question = Question(self.clock.now, problem, agent)
        self._event = self.clock.hold()
        return self._event

    def open(self, problem: Problem) -> None:
        """Ask for the first decision, which is made before the run starts."""
        self.question = Question(self.clock.now, problem, None)

    def answer(self, allocation: Allocation) -> None:
        """Take the answer, and let go on what waits for it."""
        self.allocator.allocation = allocation
        self.question = None
        event, self._event = self._event, None
        if event is not None:
            self.clock.release(event, self._halted)


class _Told(Allocator):
    """Says what it was told."""

    name: ClassVar[str] = "told"
    watches: ClassVar[bool] = True

    allocation: Allocation

    def allocate(self, problem: Problem) -> Allocation:
        return self.allocation
