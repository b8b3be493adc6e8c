"""Model-predictive designs: the best sequence over predicted rates and arrivals, one step at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from simran.allocation.base import ALLOCATORS, Option
from simran.allocation.candidates import Candidates, candidates
from simran.allocation.designs import Choice, Designs, best, pick, solve
from simran.allocation.evaluate import evaluate
from simran.allocation.forecast import Series
from simran.allocation.horizon import first_choice
from simran.allocation.options import read_between, read_choice, read_positive
from simran.allocation.per_agent import PerAgentAllocator
from simran.allocation.problem import Allocation, Bools, Floats, Ints, Problem
from simran.allocation.stages import offloads

__all__ = ["ModelPredictive"]


_BUSY = 0.9  # load of the agent's processor above which it runs as fast as its energy allows
_WAITS = ("agent_wait_s", "uplink_wait_s", "server_wait_s")


@dataclass(frozen=True)
class _Outlook:
    """Each candidate at one stage, flat over cuts and bit-widths, (n, M).

    Parameters
    ----------
    feasible : whether it meets both budgets
    cost : of a request; 1 for the largest distortion
    agent_hz, server_hz : its best clocks [Hz]; 0 where nothing runs
    """

    feasible: Bools
    cost: Floats
    agent_hz: Floats
    server_hz: Floats


@ALLOCATORS.register("model-predictive")
class ModelPredictive(PerAgentAllocator):
    """The best sequence of designs over predicted rates and arrivals, with the costs of change.

    At each of ``horizon`` decisions ahead, a request under a candidate design costs its distortion, between 0
    for the least and 1 for the largest candidate, in halvings unless ``measure`` is linear, or ``miss`` if
    the design breaks a budget at the rate expected then, and up to twice that where requests come faster
    than the agent can serve them. Clocks are those of ``exact`` for the candidate, and the
    fastest that its energy budget allows where these would keep the agent at work for more than 0.9 of
    the time. A change of bits or cut costs ``miss`` for the part of the time in which weights
    are loaded, and so does a change of the agent's clock. Dynamic programming over the ``candidates`` best
    designs of each agent gives the cheapest sequence; its first design is used until the next decision.

    What is in force may be kept through a time in which it misses a budget, at full clocks, where a change
    would cost more. Times per bit, arrivals and waits return from their last report to their mean, see
    :class:`simran.allocation.forecast.Series`. Loading is priced as if the server held weights for this
    agent alone.

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(520.72e9, 245.95e9, delay_budget_s=3.5, energy_budget_j=2.0)
    >>> int(ModelPredictive().allocate(problem).weight_bits[0])  # nothing has been observed to move
    11
    """

    name: ClassVar[str] = "model-predictive"
    watches: ClassVar[bool] = True
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        **PerAgentAllocator.OPTIONS,
        "horizon": Option("decisions to look ahead, from 1 to 50", 5, read_between(1, 50)),
        "candidates": Option("designs of each agent, from 1 to 64", 8, read_between(1, 64)),
        "miss": Option("cost of a missed budget, on that scale", 1.0, read_positive),
        "measure": Option(
            "scale of distortions between the least and the largest: halvings or linear",
            "halvings",
            read_choice("halvings", "linear"),
        ),
    }

    def __init__(
        self, options: Mapping[str, Any] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(options, rng)
        self._agents: tuple[str, ...] = ()
        self._rates, self._arrivals, self._gaps = Series(), Series(), Series()
        self._waits = tuple(Series() for _ in _WAITS)
        self._waiting = np.zeros(0)

    def observe(self, problem: Problem) -> None:
        """Remember reported rates and waits, and how many requests have come in what time.

        Those that have come are those that have completed or wait at the agent now and did not before.
        """
        if problem.agents != self._agents:
            self._agents = problem.agents
            self._rates, self._arrivals, self._gaps = Series(), Series(), Series()
            self._waits = tuple(Series() for _ in _WAITS)
            self._waiting = np.zeros(len(problem.agents))
        state = problem.state
        if np.isfinite(state.report_age_s).all():
            # Time per bit: delays are linear in that, on a part of a band nearly so.
            self._rates.add(1.0 / problem.rate_bps)
            for series, name in zip(self._waits, _WAITS, strict=True):
                series.add(getattr(problem, name))
        if (state.elapsed_s > 0).all():
            self._gaps.add(state.elapsed_s)
            arrived = state.completed + state.agent_jobs - self._waiting
            self._arrivals.add(np.maximum(arrived, 0.0) / state.elapsed_s)
        self._waiting = state.agent_jobs

    def allocate(self, problem: Problem) -> Allocation:
        """Return a design for every agent; one that is kept although it misses a budget is not feasible."""
        answer = super().allocate(problem)
        plan = evaluate(self._then(problem, 0)[0], answer, self.options["assumed_share"])
        feasible = answer.feasible & plan.delay_ok & plan.energy_ok
        return replace(answer, feasible=feasible)

    def choose(self, given: Candidates) -> Choice:
        """Return the first design of each agent's best sequence."""
        outlooks = [self._outlook(given, h) for h in range(self.options["horizon"])]
        stage = np.stack([it.cost for it in outlooks], axis=1)
        in_force = self._in_force(given)
        kept = _best_few(stage, in_force, _usual(given, stage), self.options["candidates"])
        rows = np.arange(len(kept))[:, None]
        loads = self._loads(given, kept)
        clocks = np.stack([it.agent_hz for it in outlooks], axis=1)
        stage = np.take_along_axis(stage, kept[:, None, :], axis=2)
        clocks = np.take_along_axis(clocks, kept[:, None, :], axis=2)
        change, first = self._changes(given, stage, loads, clocks)
        now = outlooks[0]
        usable = now.feasible[rows, kept]
        some = np.logical_or.reduce(usable, axis=1)
        usable[:, 0] |= some & (in_force >= 0)
        column = first_choice(stage, change, first, usable)
        flat = kept[rows[:, 0], column]
        cut, bit = np.divmod(flat, len(given.bits))
        at = rows[:, 0], flat
        return Choice(some, cut, bit, now.agent_hz[at], now.server_hz[at])

    def _outlook(self, given: Candidates, h: int) -> _Outlook:
        """Return every candidate at the rates and arrivals expected h decisions ahead."""
        problem, agents = given.problem, given.agents
        expected, arrivals = self._then(problem, h)
        then = candidates(expected, agents, given.restriction)
        feasible, agent_hz, server_hz = _clocks(solve(then))
        if not h:  # what may be kept although it is late
            _, fast_hz, fast_server_hz = _clocks(solve(then.hurried(), any_energy=True))
            agent_hz = np.where(feasible, agent_hz, fast_hz)
            server_hz = np.where(feasible, server_hz, fast_server_hz)
        cycles = then.cost.agent_cycles_per_bit[..., None] * then.bits
        work = arrivals[agents][:, None] * cycles.reshape(feasible.shape)
        if (
            work > _BUSY * agent_hz
        ).any():  # energy is of no avail to requests that never get their turn
            served, fast_hz, fast_server_hz = _clocks(solve(then.hurried()))
            busy = served & (work > _BUSY * agent_hz)
            agent_hz = np.where(busy, fast_hz, agent_hz)
            server_hz = np.where(busy, fast_server_hz, server_hz)
        miss = self.options["miss"]
        cost = np.where(feasible, _relative(then, self.options["measure"]), miss)
        load = work / np.where(agent_hz > 0, agent_hz, np.inf)
        over = np.maximum(load, 1.0)  # its queue grows, and before long all are late
        cost = np.where(load > 1.0, np.maximum(cost, miss * (2.0 - 1.0 / over)), cost)
        return _Outlook(feasible, cost, agent_hz, server_hz)

    def _then(self, problem: Problem, h: int) -> tuple[Problem, Floats]:
        """Return the problem as expected in the middle of interval h from now, and arrivals [Hz]."""
        state = problem.state
        ahead: Floats = np.full(len(problem.agents), h + 0.5)
        if not self._gaps_known:
            return problem, problem.arrival_rate_hz
        age = np.where(np.isfinite(state.report_age_s), state.report_age_s, 0.0)
        later = ahead + age / self._gaps.mean()
        if len(self._rates):
            waits: dict[str, Any] = {
                name: series.forecast(later)
                for name, series in zip(_WAITS, self._waits, strict=True)
            }
            with np.errstate(divide="ignore"):
                rates = 1.0 / self._rates.forecast(later)
            problem = replace(problem, rate_bps=rates, **waits)
        return problem, self._arrivals.forecast(later)

    @property
    def _gaps_known(self) -> bool:
        return len(self._gaps) > 0

    def _in_force(self, given: Candidates) -> Ints:
        """Return (n,) the place of the design in force among the candidates; -1 for none."""
        state, agents = given.problem.state, given.agents
        cut, bits = state.cut[agents], state.weight_bits[agents]
        known = np.isin(cut, given.cuts) & (np.isin(bits, given.bits) | (bits == 0))
        place = np.searchsorted(given.cuts, cut).clip(max=len(given.cuts) - 1)
        column = np.searchsorted(given.bits, bits).clip(max=len(given.bits) - 1)
        column = np.where(bits == 0, 0, column)
        return np.where(known, place * len(given.bits) + column, -1)

    def _loads(self, given: Candidates, kept: Ints) -> tuple[Floats, Floats]:
        """Return the seconds of loading between candidates, (n, N, N), and from what is in force, (n, N)."""
        table, state, agents = given.table, given.problem.state, given.agents
        cut, bit = np.divmod(kept, len(given.bits))
        rows = given.cuts[cut]
        bits = np.where(given.runs_here[cut], given.bits[bit], 0)
        old_cut, old_bits = state.cut[agents][:, None], state.weight_bits[agents][:, None]
        seconds = []
        for before, width in ((rows, bits), (np.maximum(old_cut, 0), old_bits)):
            here = table.agent_weight_bytes_per_bit
            new = here[rows] * bits + table.agent_mask_bytes[rows]
            held = here[before] * width + table.agent_mask_bytes[before]
            pruned = table.pruning_ratio
            same = (width[:, :, None] == bits[:, None, :]) & (
                pruned[before][:, :, None] == pruned[rows][:, None, :]
            )
            added = np.maximum(new[:, None, :] - np.where(same, held[:, :, None], 0.0), 0.0)
            there = np.where(offloads(table), table.server_weight_bytes, 0.0)
            grown = np.maximum(there[rows][:, None, :] - there[before][:, :, None], 0.0)
            cost = state.agent_load_s_per_byte[agents], state.server_load_s_per_byte[agents]
            seconds.append(added * cost[0][:, None, None] + grown * cost[1][:, None, None])
        between, start = seconds[0], seconds[1][:, 0, :]
        return between, np.where(old_cut >= 0, start, 0.0)

    def _changes(
        self, given: Candidates, stage: Floats, loads: tuple[Floats, Floats], clocks: Floats
    ) -> tuple[Floats, Floats]:
        """Return what changes cost, (n, H, N, N), and what the first one does, (n, N)."""
        state, agents = given.problem.state, given.agents
        period_s = self._gaps.mean()[agents] if self._gaps_known else np.full(len(agents), np.inf)
        lost = np.maximum(self.options["miss"] - stage, 0.0) / period_s[:, None, None]
        switch_s = state.agent_switch_s[agents]
        before = np.concatenate([clocks[:, :1], clocks[:, :-1]], axis=1)
        moved = before[:, :, :, None] != clocks[:, :, None, :]
        seconds = loads[0][:, None] + moved * switch_s[:, None, None, None]
        now_hz = np.nan_to_num(state.agent_frequency_hz[agents])
        moved_now = (now_hz[:, None] != clocks[:, 0]) & (now_hz > 0)[:, None]
        first_s = loads[1] + moved_now * switch_s[:, None]
        return seconds * lost[:, :, None, :], first_s * lost[:, 0]


def _clocks(designs: Designs) -> tuple[Bools, Floats, Floats]:
    """Return (n, M) what is feasible with some clocks, and the best clocks, or the fastest where none are."""
    n, cuts, bits = designs.feasible.shape[:3]
    possible = np.where(np.isnan(designs.rank), np.inf, designs.rank).reshape(n * cuts * bits, -1)
    feasible = designs.feasible.reshape(n * cuts * bits, -1)
    found, _ = pick(feasible, [])
    wanted = np.where(found[:, None], feasible, np.isfinite(possible))
    _, place = pick(wanted, [(possible, 0.0)])
    chosen = [
        np.take_along_axis(it.reshape(n * cuts * bits, -1), place[:, None], axis=1)
        for it in (designs.agent_hz, designs.server_hz)
    ]
    shape = n, cuts * bits
    return found.reshape(shape), chosen[0].reshape(shape), chosen[1].reshape(shape)


def _relative(given: Candidates, measure: str) -> Floats:
    """Return (1, M) distortions between 0 for the least and 1 for the largest candidate.

    In halvings a distortion of zero counts as one halving below the least one that is not.
    """
    flat: Floats = given.objective.reshape(1, -1)
    if measure == "halvings":
        some = flat[flat > 0]
        least = float(some.min()) if some.size else 1.0
        flat = np.log2(np.where(flat > 0, flat, least / 2))
    low, high = float(flat.min()), float(flat.max())
    return (flat - low) / (high - low or 1.0)


def _usual(given: Candidates, stage: Floats) -> Ints:
    """Return (n,) the place of the design of ``exact``, or of the least cost at first where it has none."""
    choice = best(given)
    place = choice.cut * len(given.bits) + choice.bit
    return np.where(choice.found, place, np.argmin(stage[:, 0], axis=1))


def _best_few(stage: Floats, in_force: Ints, usual: Ints, count: int) -> Ints:
    """Return (n, N) what is in force, what is usual, and the candidates of least cost over the horizon.

    Of equal ones the earlier is taken: what is in force is kept where nothing is gained by a change.
    """
    order = np.argsort(stage.sum(axis=1), axis=1, kind="stable")[:, :count]
    kept = np.where(in_force < 0, usual, in_force)
    return np.concatenate([kept[:, None], usual[:, None], order], axis=1)
