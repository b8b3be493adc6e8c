"""Each agent's global optimum: every cut and bit-width, with the clocks in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from simran.allocation.base import ALLOCATORS, Allocator, Option
from simran.allocation.candidates import Restriction
from simran.allocation.designs import best
from simran.allocation.draft import plan
from simran.allocation.options import read_share
from simran.allocation.problem import Allocation, Problem

__all__ = ["Exact"]


@ALLOCATORS.register("exact")
class Exact(Allocator):
    """The least distortion that meets both budgets, agent by agent.

    Every cut and candidate bit-width is looked at with the clocks that are best for it, so no
    monotonicity is assumed. The rule: least objective; among equals (within 1e-9 relative) least
    energy, or least delay with ``select: min-delay``; then fewer bits, lower f, lower f̃. Without a
    delay budget the least energy would ask for a clock of zero, so the fastest design within the
    energy budget is taken. ``assumed_share`` is the share of cell and server that each agent counts
    on; the design itself leaves the shares equal.
    """

    name: ClassVar[str] = "exact"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "assumed_share": Option("share of cell and server, in (0, 1]", 1.0, read_share)
    }

    def allocate(self, problem: Problem) -> Allocation:
        """Return the optimum of every agent."""
        restriction = Restriction(assumed_share=self.options["assumed_share"])
        return plan(problem, self.name, restriction, best)
