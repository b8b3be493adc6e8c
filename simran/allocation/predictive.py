"""Model-predictive designs: the best sequence over predicted rates and arrivals, one step at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from simran.allocation.base import ALLOCATORS, Option
from simran.allocation.candidates import Candidates, candidates
from simran.allocation.designs import Choice, best, pick, solve
from simran.allocation.forecast import Series
from simran.allocation.horizon import first_choice
from simran.allocation.options import read_between, read_positive
from simran.allocation.per_agent import PerAgentAllocator
from simran.allocation.problem import Bools, Floats, Ints, Problem
from simran.allocation.stages import offloads

__all__ = ["ModelPredictive"]


@dataclass(frozen=True)
class _Outlook:
    """Each candidate at one stage, flat over cuts and bit-widths, (n, M).

    Parameters
    ----------
    feasible : whether it meets both budgets
    cost : of a request, in units of the largest distortion
    agent_hz, server_hz : its best clocks [Hz]; 0 where nothing runs
    """

    feasible: Bools
    cost: Floats
    agent_hz: Floats
    server_hz: Floats


@ALLOCATORS.register("model-predictive")
class ModelPredictive(PerAgentAllocator):
    """The best sequence of designs over predicted rates and arrivals, with the costs of change.

    At each of ``horizon`` decisions ahead, a request under a candidate design costs its distortion over the
    largest one, or ``miss`` if the design breaks a budget at the rate expected then, or, where requests
    come faster than the agent can serve them, for the part that is too many. Clocks are those of ``exact``
    for the candidate. A change of bits or cut costs ``miss`` for the part of the time in which weights
    are loaded, and so does a change of the agent's clock. Dynamic programming over the ``candidates`` best
    designs of each agent gives the cheapest sequence; its first design is used until the next decision.

    Rates and arrivals return from their last report to their mean, see
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
        "miss": Option("cost of a missed budget [largest distortion]", 1.0, read_positive),
    }

    def __init__(
        self, options: Mapping[str, Any] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(options, rng)
        self._agents: tuple[str, ...] = ()
        self._rates, self._arrivals, self._gaps = Series(), Series(), Series()
        self._waiting = np.zeros(0)

    def observe(self, problem: Problem) -> None:
        """Remember reported rates, and how many requests have come in what time.

        Those that have come are those that have completed or wait at the agent now and did not before.
        """
        if problem.agents != self._agents:
            self._agents = problem.agents
            self._rates, self._arrivals, self._gaps = Series(), Series(), Series()
            self._waiting = np.zeros(len(problem.agents))
        state = problem.state
        if np.isfinite(state.report_age_s).all():
            self._rates.add(problem.rate_bps)
        if (state.elapsed_s > 0).all():
            self._gaps.add(state.elapsed_s)
            arrived = state.completed + state.agent_jobs - self._waiting
            self._arrivals.add(np.maximum(arrived, 0.0) / state.elapsed_s)
        self._waiting = state.agent_jobs

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
        feasible = now.feasible[rows, kept]
        column = first_choice(stage, change, first, feasible)
        flat = kept[rows[:, 0], column]
        cut, bit = np.divmod(flat, len(given.bits))
        at = rows[:, 0], flat
        return Choice(now.feasible[at], cut, bit, now.agent_hz[at], now.server_hz[at])

    def _outlook(self, given: Candidates, h: int) -> _Outlook:
        """Return every candidate at the rates and arrivals expected h decisions ahead."""
        problem, agents = given.problem, given.agents
        rates, arrivals = self._expected(problem, h)
        then = candidates(replace(problem, rate_bps=rates), agents, given.restriction)
        designs = solve(then)
        shape = designs.feasible.shape
        n, count = shape[0], shape[1] * shape[2]
        flat = (n, count, -1)
        found, clocks = pick(
            designs.feasible.reshape(n * count, -1), [(designs.rank.reshape(n * count, -1), 0.0)]
        )
        clocks = clocks.reshape(n, count, 1)
        agent_hz, server_hz = (
            np.take_along_axis(it.reshape(flat), clocks, axis=2)[..., 0]
            for it in (designs.agent_hz, designs.server_hz)
        )
        feasible = found.reshape(n, count)
        cost = np.where(feasible, _relative(then), self.options["miss"])
        cycles = (then.cost.agent_cycles_per_bit[..., None] * then.bits).reshape(n, count)
        busy = arrivals[agents][:, None] * cycles / np.where(agent_hz > 0, agent_hz, np.inf)
        late = 1.0 - 1.0 / np.maximum(busy, 1.0)
        cost = cost + late * np.maximum(self.options["miss"] - cost, 0.0)
        return _Outlook(feasible, cost, agent_hz, server_hz)

    def _expected(self, problem: Problem, h: int) -> tuple[Floats, Floats]:
        """Return (K,) rate [bit/s] and arrivals [Hz] in the middle of the interval h decisions ahead."""
        state = problem.state
        ahead: Floats = np.full(len(problem.agents), h + 0.5)
        if not self._gaps_known:
            return problem.rate_bps, problem.arrival_rate_hz
        age = np.where(np.isfinite(state.report_age_s), state.report_age_s, 0.0)
        later = ahead + age / self._gaps.mean()
        rates = self._rates.forecast(later) if self._rates_known else problem.rate_bps
        return rates, self._arrivals.forecast(later)

    @property
    def _gaps_known(self) -> bool:
        return len(self._gaps) > 0

    @property
    def _rates_known(self) -> bool:
        return len(self._rates) > 0

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
            new, held = here[rows] * bits, here[before] * width
            same = width[:, :, None] == bits[:, None, :]
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


def _relative(given: Candidates) -> Floats:
    """Return (1, M) distortions over the largest."""
    largest = float(given.objective.max()) or 1.0
    flat: Floats = given.objective.reshape(1, -1) / largest
    return flat


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
