"""Branch and bound for a few agents, and a lower bound for many."""

from __future__ import annotations

import heapq

import numpy as np

from simran.allocation.common_clock import may_fit
from simran.allocation.enumeration import Selection, first_fitting, rank
from simran.allocation.prices import lagrangian_bound, offer_between
from simran.allocation.problem import Bools, Ints
from simran.allocation.shared import Contention
from simran.allocation.stages import RELATIVE_TOLERANCE

__all__ = ["branch_and_bound", "lower_bound"]

_MOST_NODES = 60_000


def branch_and_bound(
    group: Contention, served: Bools, known: Selection | None, usable: list[Ints], fair: bool
) -> list[Selection]:
    """Return the best selections that serve some agents, or what is known if the tree is too large.

    Agents are added one by one. A node is cut off if its agents alone have no shares, which more agents
    only make worse, or if even the least values of the rest would not beat what is known. The
    leaves are tried from the best on.

    Parameters
    ----------
    group : who contends
    served : (n,) who is to be served
    known : a selection that serves them and has shares, or None
    usable : rows of the menu that each agent may use
    fair : minimise the largest value first
    """
    if any(on and not len(rows) for rows, on in zip(usable, served, strict=True)):
        return []
    leaves = _leaves(group, served, known, usable, fair)
    fallback = [] if known is None else [known]
    if leaves is None:
        return fallback
    values = np.where(served, group.menu.value[leaves, np.arange(len(served))], 0.0)
    return first_fitting(group, leaves[rank(values, fair)], served, fair) or fallback


def _leaves(
    group: Contention, served: Bools, known: Selection | None, usable: list[Ints], fair: bool
) -> Ints | None:
    """Return (N, n) the combinations that may be better than what is known; None if too many."""
    count = len(served)
    value = group.menu.value
    limit = np.inf if known is None else known.value(group, fair)[0] * (1 + RELATIVE_TOLERANCE)
    least = np.array(
        [
            value[rows, agent].min() if on else 0.0
            for agent, (rows, on) in enumerate(zip(usable, served, strict=True))
        ]
    )
    nodes = np.zeros((1, count), dtype=np.int64)
    worth = np.zeros(1)
    done = np.zeros(count, dtype=np.bool_)
    for agent in np.flatnonzero(served):
        rows = usable[agent]
        done[agent] = True
        nodes = np.repeat(nodes, len(rows), axis=0)
        nodes[:, agent] = np.tile(rows, len(worth))
        own = value[nodes[:, agent], agent]
        worth = np.repeat(worth, len(rows))
        worth = np.maximum(worth, own) if fair else worth + own
        rest = least[served & ~done]
        hope = np.maximum(worth, rest.max(initial=0.0)) if fair else worth + rest.sum()
        kept = hope <= limit
        nodes, worth = nodes[kept], worth[kept]
        if len(nodes) > _MOST_NODES:
            return None
        if done.sum() < served.sum():
            kept = may_fit(group, nodes, np.broadcast_to(done, nodes.shape))
            nodes, worth = nodes[kept], worth[kept]
    return nodes


def lower_bound(group: Contention, served: Bools, parts: int = 48) -> float:
    """Return what the least Σ w D of the served agents cannot be below: a Lagrangian bound.

    The range of the common clock is cut into intervals. In each, times are those of its upper end and
    energies those of its lower end, which is too good for every clock in it; the least of the bounds
    of :func:`simran.allocation.prices.lagrangian_bound` over all intervals holds. The interval with the
    least bound is halved, ``parts`` times in all.

    Parameters
    ----------
    group : who contends, at no more than one server with shares
    served : (n,)
    parts : number of intervals

    Raises
    ------
    ValueError
        if the agents contend at several servers with shares
    """
    if len(group.clocks) > 1:
        raise ValueError(f"one server with shares expected, got {len(group.clocks)}")
    rows = np.flatnonzero(served)
    room = float(group.capacity(served))
    if not group.clocks or len(group.clocks[0][2]):
        steps = group.clocks[0][2].tolist() if group.clocks else [1.0]
        return min(_bound(group, rows, room, step, step) for step in steps)
    low, high, _ = group.clocks[0]
    heap = [(_bound(group, rows, room, low, high), low, high)]
    for _ in range(parts):
        bound, a, b = heapq.heappop(heap)
        middle = float(np.sqrt(a * b))
        for one, other in ((a, middle), (middle, b)):
            found = max(bound, _bound(group, rows, room, one, other))
            heapq.heappush(heap, (found, one, other))
    return heap[0][0]


def _bound(group: Contention, rows: Ints, room: float, low: float, high: float) -> float:
    """Return a bound for all clocks of an interval; inf where some agent has no design at all."""
    ends = (np.array([it] if group.clocks else []) for it in (low, high))
    given = offer_between(group, *ends).only(rows)
    if not np.isfinite(given.value).any(axis=0).all():
        return np.inf
    return lagrangian_bound(given, room)
