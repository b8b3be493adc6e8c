"""Selections for a few agents that no common clock of the ones before leads to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simran.allocation.alike import kinds
from simran.allocation.common_clock import may_fit
from simran.allocation.enumeration import Selection, first_fitting, rank
from simran.allocation.greedy import raised
from simran.allocation.problem import Bools, Ints
from simran.allocation.shared import Contention

__all__ = ["moved", "restarts"]

_MOST_TRIED = 1024  # changes of one design that are looked at closely


def restarts(group: Contention, first: Selection, fair: bool) -> Iterator[Selection]:
    """Yield selections that begin with the best design of one agent and the thriftiest of all others.

    The clock is settled for that one design, and the others are raised as far as it leaves room. Of
    agents that are alike, the first stands for all.

    Parameters
    ----------
    group : who contends
    first : the selection that needs the least shares
    fair : minimise the largest value first
    """
    seen: set[int] = set()
    kind_of = kinds(group).tolist()
    for agent in np.flatnonzero(first.served).tolist():
        kind = kind_of[agent]
        if kind in seen:
            continue
        seen.add(kind)
        start = _best(group, first, np.array([agent]), fair)
        if start is not None:
            yield moved(group, raised(group, start, fair), fair)


def moved(group: Contention, now: Selection, fair: bool) -> Selection:
    """Return a selection after changes of one design at a time, each with the clocks settled anew."""
    while True:
        better = _best(group, now, np.flatnonzero(now.served), fair)
        if better is None or not better.value(group, fair) < now.value(group, fair):
            return now
        now = raised(group, better, fair)


def _best(group: Contention, now: Selection, agents: Ints, fair: bool) -> Selection | None:
    """Return the best selection with shares in which one of some agents has a better design."""
    columns = _changed(group, now, agents)
    if not len(columns):
        return None
    values = group.menu.value[columns, np.arange(columns.shape[1])]
    order = rank(np.where(now.served, values, 0.0), fair)
    columns = columns[order]
    hopeful = columns[may_fit(group, columns, _all(now.served, columns))][:_MOST_TRIED]
    found = first_fitting(group, hopeful, now.served, fair) if len(hopeful) else []
    return found[0] if found else None


def _changed(group: Contention, now: Selection, agents: Ints) -> Ints:
    """Return (N, n) the selections in which one of some agents has a design of less value."""
    changes = []
    for agent in agents.tolist():
        value = group.menu.value[:, agent]
        better = np.flatnonzero(value < value[now.columns[agent]])
        columns = np.repeat(now.columns[None, :], len(better), axis=0)
        columns[:, agent] = better
        changes.append(columns)
    return np.concatenate(changes)


def _all(served: Bools, columns: Ints) -> Bools:
    return np.broadcast_to(served, columns.shape)
