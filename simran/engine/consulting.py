"""Asking the scenario's allocator, and keeping count of what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from simran.allocation import Allocation, Allocator, Problem, refuse_impossible
from simran.allocation.draft import without_design
from simran.allocation.guard import AllocatorFault, ask, said
from simran.allocation.lookup import in_use
from simran.engine.designs import with_equal_shares
from simran.errors import AllocationError, InputError
from simran.scenario import AllocatorSpec, Scenario
from simran.streams import Streams

__all__ = ["Consultation", "make_allocator", "vetted"]

_MOST_REFUSALS = 10


def make_allocator(scenario: Scenario, streams: Streams, *name: str) -> Allocator:
    """Return the scenario's allocator, with a random stream named after it and ``name``.

    Raises
    ------
    UnknownNameError, InputError
        for a name or an option that the allocator does not know, and for whatever it raises
    """
    spec = scenario.allocator
    cls = in_use(spec.name)
    rng = streams.generator("allocator", cls.name, *name)
    try:
        return cls(spec.options, rng)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"allocator {cls.name!r} cannot be made: {said(error)}") from error


def vetted(
    allocator: Allocator, problem: Problem, spec: AllocatorSpec
) -> tuple[Problem, Allocation, float]:
    """Return what was asked in the end, a design that can be put into force, and the time it took [s].

    Raises
    ------
    AllocatorFault
        if the allocator fails in any way
    """
    answer = ask(allocator, problem, spec.time_limit_s)
    try:
        if spec.every == "per-request":
            _refuse_shares(problem.agents, answer.allocation)
        allocation = with_equal_shares(answer.problem, answer.allocation)
        refuse_impossible(answer.problem, allocation)
    except AllocationError as error:
        raise AllocatorFault("impossible", str(error)) from error
    except Exception as error:  # values that no arithmetic takes
        raise AllocatorFault("no design", said(error)) from error
    return answer.problem, allocation, answer.wall_s


class Consultation:
    """Decisions of an allocator; one that fails leaves the designs before it in force.

    Parameters
    ----------
    spec : which allocator, and how long it may take

    Attributes
    ----------
    decisions, refused : numbers of them
    failures : how often it failed in each way, by kind of :data:`simran.allocation.guard.KINDS`
    refusals : when and why, the first few
    took_s, wall_s : wall-clock time of the last decision and of all [s]
    """

    def __init__(self, spec: AllocatorSpec) -> None:
        self._spec = spec
        self.decisions = 0
        self.failures: Counter[str] = Counter()
        self.refusals: list[str] = []
        self.took_s = self.wall_s = 0.0

    @property
    def refused(self) -> int:
        """Number of decisions that did not come into force."""
        return self.failures.total()

    def ask(
        self, allocator: Allocator, problem: Problem, now_s: float
    ) -> tuple[Problem, Allocation] | None:
        """Return what was asked in the end and the design; None if the allocator failed.

        Parameters
        ----------
        allocator, problem : who is asked what
        now_s : simulated time [s]
        """
        self.decisions += 1
        try:
            problem, allocation, self.took_s = vetted(allocator, problem, self._spec)
        except AllocatorFault as fault:
            self.took_s = 0.0
            self.failures[fault.kind] += 1
            if len(self.refusals) < _MOST_REFUSALS:
                self.refusals.append(f"at {now_s:g} s: {fault.kind}: {fault}")
            return None
        self.wall_s += self.took_s
        return problem, allocation

    @property
    def reproducible(self) -> bool:
        """Whether no design depends on how fast this machine decided."""
        return not self._spec.measured and not self.failures["too slow"]

    @staticmethod
    def instead(allocator: Allocator, problem: Problem) -> tuple[Problem, Allocation]:
        """Return what is done where the first decision failed: every agent's ``on_violation``.

        Parameters
        ----------
        allocator, problem : who failed, and on what
        """
        return problem, with_equal_shares(problem, without_design(problem, allocator.name))


def _refuse_shares(agents: Sequence[str], allocation: Allocation) -> None:
    given = ~np.isnan(allocation.bandwidth_share) | ~np.isnan(allocation.server_share)
    if given.any():
        raise AllocationError(
            f"agent {agents[0]!r}: a decision for one request cannot change shares;"
            " use a periodic decision"
        )
