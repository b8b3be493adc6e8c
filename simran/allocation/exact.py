"""Each agent's global optimum: every cut and bit-width, with the clocks in closed form."""

from __future__ import annotations

from typing import ClassVar

from simran.allocation.base import ALLOCATORS
from simran.allocation.candidates import Candidates
from simran.allocation.designs import Choice, best
from simran.allocation.per_agent import PerAgentAllocator

__all__ = ["Exact"]


@ALLOCATORS.register("exact")
class Exact(PerAgentAllocator):
    """The least distortion that meets both budgets, agent by agent.

    Every cut and candidate bit-width is looked at with the clocks that are best for it, so no
    monotonicity is assumed. The rule: least objective; among equals (within 1e-9 relative) least
    energy, or least delay with ``select: min-delay``; then fewer bits, lower f, lower f̃. Without a
    delay budget the least energy would ask for a clock of zero, so the fastest design within the
    energy budget is taken.

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> design = Exact().allocate(single_agent(520.72e9, 245.95e9, 3.5, 2.0))
    >>> int(design.weight_bits[0]), design.binding[0]
    (11, 'delay+energy')
    """

    name: ClassVar[str] = "exact"

    def choose(self, given: Candidates) -> Choice:
        """Return the best candidate of each agent."""
        return best(given)
