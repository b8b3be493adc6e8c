"""Allocators that design each agent by itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from simran.allocation.base import Allocator, Option
from simran.allocation.candidates import Candidates, Restriction
from simran.allocation.designs import Choice
from simran.allocation.draft import plan
from simran.allocation.options import read_share
from simran.allocation.problem import Allocation, Problem
from simran.allocation.reasons import reason

__all__ = ["PerAgentAllocator"]


class PerAgentAllocator(Allocator):
    """An allocator that looks at one agent at a time and leaves equal shares.

    Each agent counts on ``assumed_share`` of its cell and its server, the whole by default. A
    subclass says what it keeps to and how it chooses; what is done where nothing is feasible is
    :func:`simran.allocation.draft.plan`.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "assumed_share": Option("share of cell and server, in (0, 1]", 1.0, read_share)
    }

    def allocate(self, problem: Problem) -> Allocation:
        """Return a design for every agent of ``problem``."""
        return plan(problem, self.name, self.restriction(problem), self.choose)

    def restriction(self, problem: Problem) -> Restriction:
        """Return what this allocator keeps to; by default every allowed design."""
        return Restriction(assumed_share=self.options["assumed_share"])

    def explain(self, problem: Problem, allocation: Allocation, agent: int) -> str:
        """Return what stops a better design of an agent within what this allocator keeps to."""
        return reason(problem, allocation, agent, self.restriction)

    @abstractmethod
    def choose(self, given: Candidates) -> Choice:
        """Return one design for each agent of ``given``, where there is a feasible one."""
