"""What is known of the distance between a joint design and the best one, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.bounding import lower_bound
from simran.allocation.enumeration import Selection
from simran.allocation.shared import Contention

__all__ = ["Doubt"]

_PARTS = 16  # intervals of the clock for the bound of what was not searched
_NIL = 1e-9


@dataclass(frozen=True)
class Doubt:
    """Agents that contend whose designs are not known to be the best.

    Parameters
    ----------
    group : who contends
    selection : the designs
    bound : Σ w D that no designs for those served are below, as far as a search has shown; 0 for no search
    more : whether designs for agents of a larger sum of weights were not ruled out
    """

    group: Contention
    selection: Selection
    bound: float
    more: bool

    def told(self, fair: bool) -> str:
        """Return it as a clause.

        Parameters
        ----------
        fair : whether the largest w D was minimised first: then a bound on the sum says nothing
        """
        count = len(self.group.agents)
        found = (
            f"the designs of {count} agents that contend come from prices and repair, not from a"
            f" search to the end: {self._gap(fair)}"
        )
        unsure = "; whether others could be served instead, with more weight, is not known"
        return found + (unsure if self.more else "")

    def _gap(self, fair: bool) -> str:
        bound = 0.0 if fair else self._least()
        if bound <= 0.0:
            return "they need not be the best"
        value = self.selection.value(self.group, False)[0]
        if value <= bound * (1 + _NIL):
            return "still, a bound shows that none are better for those served"
        return f"their Σ w D is at most {100 * (value / bound - 1):.3g} % above the least there is"

    def _least(self) -> float:
        if len(self.group.clocks) > 1 or not self.selection.served.any():
            return self.bound
        found = lower_bound(self.group, self.selection.served, _PARTS)
        return max(self.bound, found if np.isfinite(found) else 0.0)
