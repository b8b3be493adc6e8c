"""A run in the hands of its caller: it pauses before each decision, which the caller makes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simran.allocation import Allocation, Problem
from simran.engine.asking import Asking, Question
from simran.engine.interrupt import Stop
from simran.engine.run import Session, refuse_broken
from simran.errors import InputError, RunError
from simran.results import Request, ResultFolder
from simran.scenario import Scenario
from simran.streams import Streams

__all__ = ["Episode"]


class Episode:
    """One run of a scenario whose decisions the caller makes, in the place of its allocator.

    It is the run of :func:`simran.run` with the same seed and replication, event by event: given the
    allocator's own answers it ends with the same requests. When decisions are due is the scenario's
    ``allocator.every``. An answer that is physically impossible is counted, and the design before it
    stays in force, as in every run.

    Parameters
    ----------
    scenario : what to run
    seed, replication : of the random numbers
    out : result folder to write, as ``simran.run`` does; None writes nothing
    overwrite : replace an earlier result in ``out``

    Attributes
    ----------
    question : the decision that is due; None once the run has ended
    ended : requests that have ended since the answer before; at the end of the run with those inside

    Raises
    ------
    InputError
        if the scenario takes decision times as measured, which a pause has not

    Examples
    --------
    >>> import simran
    >>> from simran.allocation import find_allocator
    >>> scenario = simran.load("paper_blip2_coco", ["duration=60 s"])
    >>> episode, exact = Episode(scenario, seed=7), find_allocator("exact")()
    >>> while episode.question:
    ...     episode.answer(exact.allocate(episode.question.problem))
    >>> episode.summary["verdict"]
    'stable'
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int | None = None,
        replication: int = 0,
        *,
        out: str | Path | None = None,
        overwrite: bool = False,
    ) -> None:
        if scenario.allocator.measured:
            raise InputError(
                "allocator.decision_time: measured has no meaning where decisions come from outside;"
                " give it a time"
            )
        self._used = scenario.seed if seed is None else seed, replication
        self._began = time.perf_counter()
        self._folder = None if out is None else ResultFolder(Path(out), overwrite)
        self._asking = Asking()
        path = self._folder.path if self._folder else None
        self._session = Session(scenario, Streams(*self._used), path, self._asking)
        self._session.tap(self._take)
        self._stop = Stop(self._session.halt)
        self._started = False
        self._summary: dict[str, Any] | None = None
        self._closing: Problem | None = None
        self.ended: list[Request] = []
        if scenario.allocator.every == "per-request":
            self._go_on()
        else:
            self._asking.open(self._session.controller.opening())

    @property
    def question(self) -> Question | None:
        """The decision that is due, or None."""
        return self._asking.question

    @property
    def time_s(self) -> float:
        """Simulated time [s]."""
        return float(self._session.world.clock.now)

    @property
    def refusals(self) -> int:
        """Number of answers so far that could not be put into force."""
        return self._session.controller.asked.refused

    @property
    def names(self) -> Sequence[str]:
        """(K,) names of the agents."""
        return self._session.world.names

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of the run, once it has ended.

        Raises
        ------
        RunError
            before
        """
        if self._summary is None:
            raise RunError("the run has not ended: there is a question to answer")
        return self._summary

    def answer(self, allocation: Allocation) -> None:
        """Put a design into force and run on until the next decision, or the end.

        Raises
        ------
        RunError
            if the run has ended
        InvariantError
            at the end, if a named invariant did not hold
        """
        if self.question is None:
            raise RunError("the run has ended: there is nothing to decide")
        self.ended = []
        self._asking.answer(allocation)
        self._go_on()

    def closing(self) -> Problem | None:
        """Return what a decision at the end would rest on, for a periodic controller; None otherwise."""
        return self._closing

    def _take(self, request: Request) -> None:
        self.ended.append(request)

    def _go_on(self) -> None:
        if not self._started:
            self._started = True
            self._session.start()
        if self._session.advance(self._stop, lambda fraction: None):
            self._end()

    def _end(self) -> None:
        session = self._session
        self._closing = session.controller.closing()
        inside = list(session.world.present.values())
        self._summary = session.collect(*self._used, False)
        self.ended += inside
        if self._folder:
            took_s = time.perf_counter() - self._began
            manifest = session.manifest(*self._used, "complete", took_s)
            manifest["allocator"] = {"class": "simran.engine.Episode"}
            self._folder.write("summary.json", self._summary)
            self._folder.write("manifest.json", manifest)
        refuse_broken(self._summary)
