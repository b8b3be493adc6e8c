"""Whether the transport links keep up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simran.entities import Direction
from simran.results import Jobs, StationLoad
from simran.scenario import Scenario

__all__ = ["LinkLoads"]


class LinkLoads:
    """The load of each direction of each link, from the messages that it has taken.

    Parameters
    ----------
    scenario : its warm-up, and the largest delay budget of its agents
    directions : by name; those that take no time are left out

    Attributes
    ----------
    loads : by name
    """

    def __init__(self, scenario: Scenario, directions: Mapping[str, Direction]) -> None:
        budget_s = max(group.delay_budget_s for group in scenario.groups.values())
        self._directions = {name: it for name, it in directions.items() if not it.instant}
        self.loads = {
            name: StationLoad(1.0, scenario.warmup_s, budget_s) for name in self._directions
        }

    def settle(self, now: float) -> None:
        """Count the messages that have been sent in full by now [s]."""
        for name, direction in self._directions.items():
            self._add(name, direction.take_sent(now), now)

    def close(self, end_s: float) -> None:
        """Count all messages, the last ones as far as they have got by the end of the run [s]."""
        for name, direction in self._directions.items():
            self._add(name, direction.take_sent(float("inf")), end_s)

    def _add(self, name: str, messages: list[float], now: float) -> None:
        if not messages:
            return
        arrival, start, seconds = np.array(messages).reshape(-1, 3).T
        end = np.minimum(start + seconds, now)
        left = np.maximum(start + seconds - np.maximum(now, start), 0.0)
        self.loads[name].add(Jobs(arrival, np.minimum(start, now), end, seconds, left))
