"""What designs may add up to, if they are to have shares and to be as good as what is known.

At prices p on the unit simplex designs that have shares cost no more than there is, Σ cost ≤ room. With a
level λ of the prices, Σ (w D + λ cost) ≤ limit + λ room for all that are as good as the limit. Each such sum
is a measure: a branch of a tree whose sum must exceed one ends there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.offers import Offer
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.stages import RELATIVE_TOLERANCE

__all__ = ["Dual", "Measures", "measured", "tuned"]

_ROUNDS = 4  # changes of the ratio of the prices
_MOST_LEVELS = 60
_ROUNDING = 1e-12
_NEVER = 1e300  # what an impossible design adds; finite, so that 0 times it is 0


@dataclass(frozen=True)
class Dual:
    """The level of the prices at which the Lagrangian bound is highest, for a given ratio.

    Parameters
    ----------
    level : λ; inf where not even the cheapest designs have shares
    bound : no designs with shares have a lower sum of values
    ends : designs (2, n) that cost more than there is, and ones that do not
    part : part of the first that, mixed with the second, costs just what there is
    """

    level: float
    bound: float
    ends: Ints
    part: float


@dataclass(frozen=True)
class Measures:
    """Sums over n agents that none of the designs worth looking at exceed.

    Parameters
    ----------
    amount : (Q, M, n) what each design adds
    most : (Q,)
    bound : no designs with shares have a lower sum of values
    direction : (J,) the prices at which that is so, with sum 1
    guide : the measure that this bound is due to, the one of its costs being that before it: what adds
        least to it is the most promising
    """

    amount: Floats
    most: Floats
    bound: float
    direction: Floats
    guide: int

    def hopeful(self) -> Bools:
        """Tell which designs (M, n) keep to every measure with the least of all other agents."""
        least = self.amount.min(axis=1)
        rest = least.sum(axis=1, keepdims=True) - least
        kept = self.amount + rest[:, None, :] <= self.most[:, None, None]
        found: Bools = np.logical_and.reduce(kept, axis=0)
        return found


def tuned(value: Floats, costs: Floats, room: float) -> Dual:
    """Return the highest of the bounds min Σ (value + λ cost) − λ room over the levels λ.

    The bound is concave in λ and made of straight pieces: the next level to try is where those of the two
    levels around the highest meet, until no piece is below.

    Parameters
    ----------
    value, costs : (M, n) of each design; huge where it is impossible
    room : what may be shared out
    """
    agents = np.arange(value.shape[1])

    def sums(columns: Ints) -> tuple[float, float]:
        return float(value[columns, agents].sum()), float(costs[columns, agents].sum())

    best = np.where(value == value.min(axis=0), costs, np.inf)
    over, under = np.argmin(best, axis=0), np.argmin(costs, axis=0)
    (high_value, high_cost), (low_value, low_cost) = sums(over), sums(under)
    if high_cost <= room:
        return Dual(0.0, high_value, np.stack([over, over]), 1.0)
    if low_cost > room * (1 + RELATIVE_TOLERANCE):
        return Dual(np.inf, np.inf, np.stack([over, under]), 0.0)
    level, bound = 0.0, high_value
    for _ in range(_MOST_LEVELS):
        tried = (low_value - high_value) / max(high_cost - low_cost, 1e-300)
        columns = np.argmin(value + tried * costs, axis=0)
        total, cost = sums(columns)
        if total + tried * (cost - room) > bound:
            level, bound = tried, total + tried * (cost - room)
        if total + tried * cost >= (high_value + tried * high_cost) * (1 - _ROUNDING):
            break
        if cost > room:
            over, high_value, high_cost = columns, total, cost
        else:
            under, low_value, low_cost = columns, total, cost
    part = (room - low_cost) / max(high_cost - low_cost, 1e-300)
    return Dual(level, bound, np.stack([over, under]), float(np.clip(part, 0.0, 1.0)))


def measured(given: Offer, room: float, limit: float, direction: Floats) -> Measures:
    """Return measures at some prices that make the Lagrangian bound high.

    Parameters
    ----------
    given : designs of the agents to be served, the best under any clock of an interval
    room : what may be shared out
    limit : Σ w D that is not to be exceeded; may be inf
    direction : (J,) prices to begin with
    """
    possible = np.isfinite(given.value)
    value = np.where(possible, given.value, _NEVER)
    amounts, most, best = [value], [limit * (1 + _ROUNDING)], (-np.inf, direction, 2)
    enough = room * (1 + RELATIVE_TOLERANCE)
    with np.errstate(over="ignore"):
        for _ in range(_ROUNDS):
            costs = np.where(possible, given.least_costs(direction), _NEVER)
            dual = tuned(value, costs, room)
            level = dual.level if np.isfinite(dual.level) else 0.0
            amounts += [costs, value + level * costs]
            most += [enough, limit * (1 + _ROUNDING) + level * enough]
            best = max(best, (dual.bound, direction, len(most) - 1), key=lambda it: it[0])
            if dual.level == np.inf:
                break
            following = _earned(given, dual, direction)
            if np.abs(following - direction).max() < 1e-3:
                break
            direction = following
    return Measures(np.stack(amounts), np.array(most), *best)


def _earned(given: Offer, dual: Dual, direction: Floats) -> Floats:
    """Return prices in proportion to what each station earns."""
    asked = [given.asked(columns, direction) for columns in dual.ends]
    earned = direction * (dual.part * asked[0] + (1 - dual.part) * asked[1])
    if not earned.sum() > 0:
        return direction
    following = np.maximum(earned / earned.sum(), 1e-12)
    prices: Floats = following / following.sum()
    return prices
