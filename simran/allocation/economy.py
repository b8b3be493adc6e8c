"""Shares and common clocks of least energy for designs that are settled.

With t for computing and s for what is shared, t + s = T, an agent's energy is κ t^(1−α), and shares of
cost V/s at prices p with V = (√(μ a) + √(ν d))². So (α−1) κ t^(−α) = V s^(−2), one monotone root per agent;
the prices are those at which all that there is gets used. Energies over the logarithm of the clock are a
geometric program's, so a golden section finds the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simran.allocation.clocks import balance
from simran.allocation.common_clock import load_of, spread_clock
from simran.allocation.enumeration import Selection
from simran.allocation.frontier_economy import even_energy_j, even_shares, frugal_shares
from simran.allocation.frontier_needs import FrontierNeeds
from simran.allocation.loads import Stations, optimal_shares
from simran.allocation.needs import Needs, kappa_of
from simran.allocation.problem import Bools, Floats
from simran.allocation.shared import Contention
from simran.allocation.stages import RELATIVE_TOLERANCE

__all__ = ["Split", "even_split", "frugal_split", "promising"]

_GOLDEN = (5**0.5 - 1) / 2
_ROUNDS = 20
_PROMISING = 4
_FEW, _MANY = 12, 30  # halvings to find the last clock at which shares exist
_FINE, _COARSE = 1e-4, 1e-2  # of the logarithm of a clock: where its search ends


@dataclass(frozen=True)
class Split:
    """Shares and clocks.

    Parameters
    ----------
    bandwidth, server : (n,) β and φ; 0 where an agent uses none
    clocks_hz : (S,) [Hz]
    energy_j : sum of the energies of all served agents that share anything [J]
    log_prices : (J,) the prices that led to it, or None
    """

    bandwidth: Floats
    server: Floats
    clocks_hz: Floats
    energy_j: float
    log_prices: Floats | None = None


def even_split(group: Contention, selection: Selection, clocks_hz: Floats) -> Split:
    """Return shares of the least load, scaled to all that there is.

    Where energy does not depend on shares that leaves every agent the same part of its time for sharing.
    """
    if isinstance(group.menu, FrontierNeeds):
        return Split(*even_shares(group, selection, clocks_hz), clocks_hz, np.inf)
    task = _Task(group, selection, clocks_hz)
    return task.split(*task.even())


def promising(group: Contention, found: list[Selection]) -> list[Selection]:
    """Return those of equally good selections among which the least energy is looked for.

    Where energy depends on shares, a design stands once for each step of its clocks, and the search takes
    long: of these, the few that draw least at shares of the least load.
    """
    if not isinstance(group.menu, FrontierNeeds) or len(found) <= _PROMISING:
        return found
    drawn = [even_energy_j(group, it, it.clocks_hz) for it in found]
    order = np.argsort(drawn, kind="stable")[:_PROMISING]
    return [found[place] for place in order]


def frugal_split(group: Contention, selection: Selection) -> Split:
    """Return the shares and clocks of least energy within every delay budget.

    Of agents or servers with stepped clocks the law of the highest step stands for the others, and where a
    server without shares follows another power law than the agent, it is left out: there the energy is
    near the least. Where energy depends on shares, all clocks without steps are searched together; else one
    server's clock is searched to the end, several in turn.
    """
    if isinstance(group.menu, FrontierNeeds):
        return _curved(group, selection)
    best = _at(group, selection, selection.clocks_hz)
    for server in range(len(group.clocks)):
        best = min(best, _tuned(group, selection, best, server), key=lambda it: it.energy_j)
    return best


def _curved(group: Contention, selection: Selection) -> Split:
    """Return the split of least energy where energy depends on shares.

    Clocks that cannot be searched together with the shares, since none are strictly within all limits, are
    searched one by one, and so they are where agents have steps, which the law of their energy does not tell.
    """
    free = np.array([not len(steps) and low < high for low, high, steps in group.clocks], np.bool_)
    best, settled = _frugal(group, selection, selection.clocks_hz, free)
    for server, (_, _, steps) in enumerate(group.clocks):
        if len(steps):
            others = [_changed(best.clocks_hz, server, step) for step in steps.tolist()]
            fitting = [it for it in others if _possible(group, selection, it)]
            tried = [best, *(_frugal(group, selection, it, free)[0] for it in fitting)]
            best = min(tried, key=lambda it: it.energy_j)
        elif free[server] and not settled:
            best = min(best, _tuned(group, selection, best, server), key=lambda it: it.energy_j)
    return best


def _frugal(
    group: Contention, selection: Selection, clocks_hz: Floats, free: Bools
) -> tuple[Split, bool]:
    """Return the split of least energy where energy depends on shares, and whether its clocks are settled."""
    found = frugal_shares(group, selection, clocks_hz, free)
    return Split(*found.shares, found.clocks_hz, found.energy_j), found.settled


def _tuned(group: Contention, selection: Selection, best: Split, server: int) -> Split:
    """Return the split of least energy over the clock of one server."""
    low, high, steps = group.clocks[server]

    def fits(clock_hz: float) -> bool:
        return _possible(group, selection, _changed(best.clocks_hz, server, clock_hz))

    def at(clock_hz: float) -> Split:
        return _at(group, selection, _changed(best.clocks_hz, server, clock_hz), best)

    if len(steps):
        tried = [at(step) for step in steps.tolist() if fits(step)]
        return min(tried, key=lambda it: it.energy_j, default=best)
    now = float(best.clocks_hz[server])
    near = _COARSE if isinstance(group.menu, FrontierNeeds) else _FINE
    halvings = _FEW if isinstance(group.menu, FrontierNeeds) else _MANY
    first, last = (_edge(fits, now, end, halvings) for end in (low, high))
    return _least(at, first, last, near)


def _changed(clocks_hz: Floats, server: int, clock_hz: float) -> Floats:
    """Return the clocks with that of one server changed."""
    clocks = clocks_hz.copy()
    clocks[server] = clock_hz
    return clocks


class _Task:
    """Agents with settled designs under given clocks."""

    def __init__(self, group: Contention, selection: Selection, clocks_hz: Floats) -> None:
        self.room = float(group.capacity(selection.served))
        self.clocks_hz = clocks_hz
        self.served = selection.served
        self.stations: Stations = group.stations
        self.needs = needs = group.menu.take(selection.columns)
        clock = spread_clock(group, clocks_hz)
        inverse = needs.inverse_time(clock)
        self.possible = bool(np.isfinite(inverse[self.served]).all())
        self.inverse = np.where(self.served & np.isfinite(inverse), inverse, 0.0)
        self.vectors = self.stations.vectors(needs, clock)
        uses = self.served & (self.vectors > 0).any(axis=1)
        self.air = np.where(uses, (self.vectors * self.stations.cell).sum(axis=1), 0.0)
        self.work = np.where(uses, (self.vectors * self.stations.server).sum(axis=1), 0.0)
        self.uses = uses
        with np.errstate(divide="ignore"):
            self.tau = np.where(uses, 1.0 / self.inverse, np.inf)
        self.kappa = np.where(uses & ~needs.patient, kappa_of(needs), 0.0)
        drawn = needs.sent_j + _server_j(needs, clock)
        self.other_j = float(np.sum(drawn[self.served]))

    def even(self) -> tuple[Floats, Floats]:
        """Return the shares of least load, scaled to all that there is."""
        shares = optimal_shares(self.vectors, self.inverse, self.stations)
        return self.scaled(*shares)

    def scaled(self, bandwidth: Floats, server: Floats) -> tuple[Floats, Floats]:
        """Return shares that use all of every station, in the same proportions."""
        found = []
        for share, places in ((bandwidth, self.stations.cell), (server, self.stations.server)):
            total = places @ (share @ places)
            found.append(
                np.where(share > 0, share * self.room / np.where(total > 0, total, 1.0), 0.0)
            )
        return found[0], found[1]

    def shared_s(self, bandwidth: Floats, server: Floats) -> Floats:
        """Return (n,) the time for sending and at the server [s]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            sent = np.where(self.air > 0, self.air**2 / bandwidth, 0.0)
            served = np.where(self.work > 0, self.work**2 / server, 0.0)
        total: Floats = sent + served
        return total

    def split(self, bandwidth: Floats, server: Floats) -> Split:
        """Return the split with its energy."""
        time = self.needs.time_s - self.shared_s(bandwidth, server)
        power = self.needs.agent.exponent[:, 0] - 1
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            spent = np.where(self.kappa > 0, self.kappa * time**-power, 0.0)
        return Split(bandwidth, server, self.clocks_hz, float(spent.sum()) + self.other_j)

    def demand(self, log_prices: Floats) -> tuple[Floats, Floats]:
        """Return the shares that agents ask for at some prices (J,)."""
        root = np.exp(log_prices / 2)
        sent, served = (
            self.air * (self.stations.cell @ root),
            self.work * (self.stations.server @ root),
        )
        alpha = self.needs.agent.exponent[:, 0]
        total = np.where(self.uses, self.needs.time_s, 1.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            pull = np.log(alpha - 1) + np.log(self.kappa)
            push = 2 * np.log(sent + served)
            spare = total - balance(pull, push, alpha, np.full_like(alpha, 2.0), total)
            shared = np.clip(spare, 1e-9 * self.tau, self.tau)
            whole = sent + served
            bandwidth = np.where(sent > 0, self.air**2 * whole / (shared * sent), 0.0)
            server = np.where(served > 0, self.work**2 * whole / (shared * served), 0.0)
        return bandwidth, server

    def used(self, bandwidth: Floats, server: Floats) -> Floats:
        """Return (J,) the sum of the shares of each station."""
        total: Floats = bandwidth @ self.stations.cell + server @ self.stations.server
        return total

    def prices(self, start: Floats | None) -> Floats:
        """Return the logarithms of the prices (J,) at which all that there is gets used."""
        size = self.vectors.shape[1]
        power = self.needs.agent.exponent[:, 0] - 1
        half_s = 0.5 * np.where(self.uses, self.needs.time_s, 1.0)
        scale = float(np.sum(self.kappa * half_s**-power))
        prices = np.full(size, np.log(max(scale, 1e-12))) if start is None else start
        slope = -0.5 * np.eye(size)
        gap = self._gap(prices)
        for _ in range(_ROUNDS):
            if np.abs(gap).max() < 1e-8:
                break
            step = np.clip(np.linalg.lstsq(slope, -gap, rcond=None)[0], -4.0, 4.0)
            length = float(step @ step)
            if length < 1e-20:
                break
            prices = prices + step
            following = self._gap(prices)
            slope = slope + np.outer(following - gap - slope @ step, step) / length
            gap = following
        return prices

    def _gap(self, prices: Floats) -> Floats:
        used = self.used(*self.demand(prices))
        gap: Floats = np.log(np.where(used > 0, used, self.room) / self.room)
        return gap

    def in_time(self, shares: tuple[Floats, Floats], slack: float) -> bool:
        """Say whether all are in time with some shares, to within a relative slack."""
        taken = self.shared_s(*shares)[self.uses]
        return self.possible and bool((taken <= self.tau[self.uses] * (1 + slack)).all())

    def within(self, wanted: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Return the shares nearest to those wanted, on the way from the even ones, that are in time."""
        even = self.even()

        def mixed(part: float) -> tuple[Floats, Floats]:
            return (
                (1 - part) * even[0] + part * wanted[0],
                (1 - part) * even[1] + part * wanted[1],
            )

        def late(part: float) -> bool:
            return not self.in_time(mixed(part), 1e-12)

        if not late(1.0):
            return mixed(1.0)
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if late(middle) else (middle, high)
        return mixed(low)


def _at(
    group: Contention, selection: Selection, clocks_hz: Floats, start: Split | None = None
) -> Split:
    """Return the split of least energy under given clocks; ``start`` is one to begin with.

    Its energy is inf where no shares are in time: an agent that has to step down as the server's clock rises
    may then be too slow, and fast enough again at a higher clock.
    """
    if isinstance(group.menu, FrontierNeeds):
        return _frugal(group, selection, clocks_hz, np.zeros(len(clocks_hz), dtype=np.bool_))[0]
    task = _Task(group, selection, clocks_hz)
    prices = task.prices(None if start is None else start.log_prices)
    shares = task.within(task.scaled(*task.demand(prices)))
    split = replace(task.split(*shares), log_prices=prices)
    return split if task.in_time(shares, RELATIVE_TOLERANCE) else replace(split, energy_j=np.inf)


def _possible(group: Contention, selection: Selection, clocks_hz: Floats) -> bool:
    """Say whether shares exist under some clocks."""
    needs = group.menu.take(selection.columns[None, :])
    served, clocks = selection.served[None, :], clocks_hz[None, :]
    load = load_of(group, needs, served, clocks, rough=True)  # which is on the safe side
    return bool(load[0] <= group.capacity(selection.served))


def _edge(fits: Callable[[float], bool], inside: float, outside: float, halvings: int) -> float:
    """Return the clock nearest to ``outside`` that fits, from one that does [Hz]."""
    if fits(outside):
        return outside
    for _ in range(halvings):
        middle = float(np.sqrt(inside * outside))
        inside, outside = (middle, outside) if fits(middle) else (inside, middle)
    return inside


def _least(at: Callable[[float], Split], low: float, high: float, near: float) -> Split:
    """Return the split of least energy over an interval of clocks, by golden section."""
    a, b = np.log(low), np.log(high)
    left, right = at(np.exp(b - _GOLDEN * (b - a))), at(np.exp(a + _GOLDEN * (b - a)))
    best = min(at(low), at(high), left, right, key=lambda split: split.energy_j)
    while b - a > near:
        if left.energy_j <= right.energy_j:
            b, right = a + _GOLDEN * (b - a), left
            left = at(np.exp(b - _GOLDEN * (b - a)))
            best = min(best, left, key=lambda split: split.energy_j)
        else:
            a, left = b - _GOLDEN * (b - a), right
            right = at(np.exp(a + _GOLDEN * (b - a)))
            best = min(best, right, key=lambda split: split.energy_j)
    return best


def _server_j(needs: Needs, clock_hz: Floats) -> Floats:
    """Return what servers with shares draw for each agent [J]."""
    top = np.nanargmax(needs.server.high_hz, axis=1)
    rows = np.arange(len(top))
    box = needs.server
    if box.high_hz.shape[1] > 1:
        top = np.nanargmin(np.abs(box.high_hz - clock_hz[:, None]), axis=1)
    coefficient = box.coefficient[rows, np.minimum(top, box.coefficient.shape[1] - 1)]
    drawn: Floats = coefficient * needs.server_cycles * clock_hz ** (box.exponent[:, 0] - 1)
    return drawn
