"""Which agents are alike, so that what holds for one holds for the other."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from simran.allocation.problem import Ints
from simran.allocation.shared import Contention

__all__ = ["kinds"]


def kinds(group: Contention) -> Ints:
    """Return a number for each agent (n,), the same for agents with the same designs at the same stations."""
    numbers: dict[tuple[bytes, ...], int] = {}
    found = []
    for agent in range(len(group.agents)):
        parts = [
            *_parts(group.menu, agent),
            group.stations.cell[agent].tobytes(),
            group.stations.server[agent].tobytes(),
            group.weight[agent].tobytes(),
            group.degrades[agent].tobytes(),
        ]
        found.append(numbers.setdefault(tuple(parts), len(numbers)))
    return np.array(found)


def _parts(needs: Any, agent: int) -> list[bytes]:
    """Return what the designs (M, n) and the settings (n, ...) of one agent are made of."""
    parts = []
    for name in (*needs.LISTED, *needs.OWN):
        values = getattr(needs, name)
        if is_dataclass(values):
            parts += [getattr(values, it.name)[agent].tobytes() for it in fields(values)]
        else:
            parts.append(values[..., agent].tobytes())
    return parts
