"""The common clock of a server under which given designs need the least shares.

For fixed cuts and bit-widths the least largest sum of shares is, in logarithms, a convex function of the
clock: the rest of the problem is a geometric program, minimised over its other variables. With stepped
agents it is convex between the clocks at which an agent must step down.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from simran.allocation.frontier_loads import cost_table, settle_shares
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.loads import largest_load, load_matrix
from simran.allocation.needs import Needs
from simran.allocation.offers import CROWD
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.searching import nearest_trough
from simran.allocation.shared import Contention

__all__ = ["clock_grid", "is_crowd", "load_of", "may_fit", "settle_clocks", "spread_clock"]

_GOLDEN = (5**0.5 - 1) / 2
_STEPS = 44  # leaves 1e-9 of the range of logarithms
_COARSE = 24  # leaves 1e-5 of it, and less than 1e-9 of the load, which is flat there
_FEW = 64  # agents of designs whose clocks are looked at many at once
_SCANNED, _SCANS = 17, 6  # clocks at once, and how often they are drawn together by eight
_REACH = 0.15  # of the logarithm of a clock: how far from the present one the next ones are tried
_GRID, _FEWER = 13, 5
_INTERVALS = 8


def is_crowd(group: Contention) -> bool:
    """Say whether so many agents pay for shares with energy that clocks are compared roughly first."""
    return isinstance(group.menu, FrontierNeeds) and len(group.agents) > CROWD


def spread_clock(group: Contention, clocks_hz: Floats) -> Floats:
    """Return the clock of each agent's server, (..., n), from those of the servers, (..., S)."""
    if not group.clocks:
        return np.ones((*clocks_hz.shape[:-1], len(group.agents)))
    spread: Floats = clocks_hz[..., group.server_of]
    return spread


def load_of(
    group: Contention, needs: Needs, served: Bools, clocks_hz: Floats, *, rough: bool = False
) -> Floats:
    """Return the least largest sum of shares of some designs, (N,).

    Parameters
    ----------
    group : who contends
    needs : designs (N, n)
    served : (N, n) who takes part
    clocks_hz : (N, S) [Hz]
    rough : whether 1e-5 of it does not matter
    """
    clock = spread_clock(group, clocks_hz)
    if isinstance(needs, FrontierNeeds):
        return settle_shares(needs, group.stations, served, clock, rough=rough).load
    inverse = np.where(served, needs.inverse_time(clock), 0.0)
    return largest_load(load_matrix(group.stations.vectors(needs, clock), inverse))


def settle_clocks(
    group: Contention, columns: Ints, served: Bools, start_hz: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return the least load (N,) over the common clocks, and the clocks (N, S) that reach it.

    One server's clock is searched to the end. With several servers they are searched in turn, twice,
    which need not reach the least.

    Parameters
    ----------
    group : who contends
    columns, served : (N, n) designs and who takes part
    start_hz : (S,) clocks to begin with [Hz]; the highest if None
    """
    needs = group.menu.take(columns)
    top = np.array([high for _, high, _ in group.clocks]) if start_hz is None else start_hz
    clocks = np.broadcast_to(top, (len(columns), len(group.clocks))).copy()
    least = load_of(group, needs, served, clocks)
    for server in list(range(len(group.clocks))) * (2 if len(group.clocks) > 1 else 1):
        for tried in _tries(group, needs, served, clocks, server):
            load = load_of(group, needs, served, tried)
            better = load < least
            least = np.where(better, load, least)
            clocks = np.where(better[:, None], tried, clocks)
    return least, clocks


def may_fit(group: Contention, columns: Ints, served: Bools) -> Bools:
    """Tell quickly which designs (N,) may have shares: those left out have none under any clock.

    In each of some intervals of the clock the times are those of its upper end and the energies those of
    its lower end, which is too good for every clock in it.

    Parameters
    ----------
    group : who contends
    columns, served : (N, n) designs and who takes part
    """
    room = group.capacity(served)
    found = np.zeros(len(columns), dtype=np.bool_)
    if isinstance(group.menu, FrontierNeeds):
        for table in _cost_tables(group):
            found |= _least_cost(table, columns, served) <= room
        return found
    needs = group.menu.take(columns)
    for low, high in _intervals(group):
        inverse = needs.inverse_time(spread_clock(group, low))
        vectors = group.stations.vectors(needs, spread_clock(group, high))
        matrix = load_matrix(vectors, np.where(served, inverse, 0.0))
        found |= largest_load(matrix) <= room
    return found


def _least_cost(table: Floats, columns: Ints, served: Bools) -> Floats:
    """Return (N,) what designs cost at least, at whichever of the prices that is most."""
    total = np.zeros((len(table), len(columns)))
    for agent in range(columns.shape[1]):
        own = table[:, columns[:, agent], agent]
        total += np.where(served[:, agent], own, 0.0)
    most: Floats = total.max(axis=0)
    return most


def _cost_tables(group: Contention) -> list[Floats]:
    """Return (D, M, n) least costs of all designs at some prices, for each interval of the clocks."""
    menu = group.menu
    assert isinstance(menu, FrontierNeeds)
    if group.memo.costs is None:
        group.memo.costs = [
            cost_table(
                menu,
                group.stations,
                _price_grid(group.stations.cell.shape[1]),
                (spread_clock(group, high), spread_clock(group, low)),
            )
            for low, high in _intervals(group)
        ]
    return group.memo.costs


def _price_grid(size: int) -> Floats:
    """Return (D, J) prices: of two stations a row of ratios, of more every pair alike and all alike."""
    if size == 1:
        return np.ones((1, 1))
    if size == 2:
        second = 1 / (1 + np.exp(-np.linspace(-6.0, 6.0, 25)))
        return np.stack([1 - second, second], axis=1)
    pairs = [
        np.isin(np.arange(size), pair) / 2.0 for pair in itertools.combinations(range(size), 2)
    ]
    return np.array([np.full(size, 1.0 / size), *np.eye(size), *pairs])


def _intervals(group: Contention) -> list[tuple[Floats, Floats]]:
    """Return intervals that cover the clocks (S,) of all servers."""
    lows = np.array([low for low, _, _ in group.clocks])
    highs = np.array([high for _, high, _ in group.clocks])
    if len(group.clocks) != 1:
        return [(lows, highs)]
    steps = group.clocks[0][2]
    if len(steps):
        return [(steps[[it]], steps[[it]]) for it in range(len(steps))]
    edges = np.geomspace(lows[0], highs[0], _INTERVALS + 1)
    return [(edges[[it]], edges[[it + 1]]) for it in range(_INTERVALS)]


def clock_grid(group: Contention, server: int) -> Floats:
    """Return clocks of a server that span its range [Hz]: its steps, or a coarse grid.

    A crowd is looked at from a tenth of the clock on at which all cores, shared out without any loss, would
    serve everyone's least work.
    """
    low, high, steps = group.clocks[server]
    if len(steps):
        return steps
    count = _GRID
    if is_crowd(group):
        count, low = _FEWER, min(max(low, 0.1 * _work_hz(group, server)), high)
    grid: Floats = np.geomspace(low, high, count) if low < high else np.array([high])
    return grid


def _work_hz(group: Contention, server: int) -> float:
    """Return the sum of the least work of all agents at a server over their times [Hz]."""
    menu = group.menu
    at = menu.common & (group.server_of == server)
    cycles, time_s = menu.server_cycles[:, at], menu.time_s[:, at]
    possible = np.isfinite(menu.value[:, at]) & (time_s > 0)
    each = np.where(possible, cycles / np.where(possible, time_s, 1.0), np.inf).min(axis=0)
    return float(each[np.isfinite(each)].sum())


def _tries(
    group: Contention, needs: Needs, served: Bools, clocks: Floats, server: int
) -> Iterator[Floats]:
    """Yield clocks (N, S) that differ from ``clocks`` in that of one server."""

    def changed(clock_hz: Floats) -> Floats:
        tried = clocks.copy()
        tried[:, server] = clock_hz
        return tried

    steps = group.clocks[server][2]
    if len(steps):
        for step in steps:
            yield changed(np.full(len(clocks), step))
        return
    curved = isinstance(needs, FrontierNeeds)
    if curved and len(clocks) == 1 and served.size > _FEW:
        yield changed(_closed_in(group, needs, served, clocks, server))
        return
    edges = _edges(group, needs, served, server)
    for column in range(edges.shape[1]):
        yield changed(edges[:, column])
    stepped = (needs.agent.low_hz[:, 0] > 0)[group.server_of == server]
    if stepped.all() and not curved:
        return
    if curved and served.size <= _FEW:
        yield changed(_scanned(group, needs, served, clocks, server))
        return
    for column in range(edges.shape[1] - 1):
        yield changed(
            _search(
                lambda clock: load_of(group, needs, served, changed(clock), rough=True),
                edges[:, column],
                edges[:, column + 1],
                _COARSE if curved else _STEPS,
            )
        )


def _scanned(group: Contention, needs: Needs, served: Bools, clocks: Floats, server: int) -> Floats:
    """Return the clock (N,) of one server with the least load, from many looked at at once [Hz]."""
    low, high, _ = group.clocks[server]
    a, b = np.full(len(clocks), np.log(low)), np.full(len(clocks), np.log(high))
    places = np.linspace(0.0, 1.0, _SCANNED)
    count = len(places)
    many, who = needs.tiled(count), np.tile(served, (count, 1))
    rows = np.arange(len(clocks))
    for _ in range(_SCANS):
        tried = a + (b - a) * places[:, None]
        given = np.tile(clocks, (count, 1))
        given[:, server] = np.exp(tried).ravel()
        load = load_of(group, many, who, given, rough=True).reshape(count, -1)
        best = np.argmin(load, axis=0)
        a = tried[np.maximum(best - 1, 0), rows]
        b = tried[np.minimum(best + 1, count - 1), rows]
    found: Floats = np.minimum(np.exp(tried[best, rows]), high)  # exp(log) of it may be above
    return found


def _closed_in(
    group: Contention, needs: Needs, served: Bools, clocks: Floats, server: int
) -> Floats:
    """Return the clock (1,) of one server with the least load near the present one [Hz]."""
    low, high, _ = group.clocks[server]

    def load(log_hz: float) -> float:
        given = clocks.copy()
        given[:, server] = min(np.exp(log_hz), high)
        return float(load_of(group, needs, served, given, rough=True)[0])

    ends = float(np.log(low)), float(np.log(high))
    found = nearest_trough(load, float(np.log(clocks[0, server])), ends, _REACH)
    return np.array([min(np.exp(found), high)])


def _edges(group: Contention, needs: Needs, served: Bools, server: int) -> Floats:
    """Return (N, E) the clocks between which no agent has to step down, ascending [Hz]."""
    low, high, _ = group.clocks[server]
    edges = [np.full(len(needs.value), it) for it in (low, high)]
    box, own = needs.agent, needs.server
    if isinstance(needs, FrontierNeeds):  # each design has its step already
        return np.stack(edges, axis=1)
    for agent in np.flatnonzero(needs.common & (group.server_of == server)):
        if box.low_hz[agent, 0] == 0:
            continue
        for step in np.flatnonzero(np.isfinite(box.high_hz[agent])):
            drawn = box.coefficient[agent, step] * needs.cycles[:, agent]
            drawn = drawn * box.high_hz[agent, step] ** (box.exponent[agent, 0] - 1)
            with np.errstate(divide="ignore", invalid="ignore"):
                spent = own.coefficient[agent, 0] * needs.server_cycles[:, agent]
                ratio = np.maximum(needs.energy_j[:, agent] - drawn, 0.0) / spent
                clock = ratio ** (1 / (own.exponent[agent, 0] - 1)) * (1 - 1e-12)
            clock = np.where(np.isfinite(clock) & served[:, agent], clock, high)
            edges.append(np.clip(clock, low, high))
    found: Floats = np.sort(np.stack(edges, axis=1), axis=1)
    return found


def _search(function: Callable[[Floats], Floats], low: Floats, high: Floats, steps: int) -> Floats:
    """Return where a function (N,) -> (N,) that falls and then rises is least, by golden section.

    Where both points are impossible, the possible clocks are below: energy forbids the higher ones.
    """
    a, b = np.log(low), np.log(high)
    left, right = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    at_left, at_right = function(np.exp(left)), function(np.exp(right))
    for _ in range(steps):
        down = at_left <= at_right
        a, b = np.where(down, a, left), np.where(down, right, b)
        probe = np.where(down, b - _GOLDEN * (b - a), a + _GOLDEN * (b - a))
        found = function(np.exp(probe))
        left, right = np.where(down, probe, right), np.where(down, left, probe)
        at_left, at_right = np.where(down, found, at_right), np.where(down, at_left, found)
    return np.exp(np.where(at_left <= at_right, left, right))
