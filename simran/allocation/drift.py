"""Drift-plus-penalty: least distortion within long-run budgets, by virtual queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from simran.allocation.base import ALLOCATORS, Option
from simran.allocation.candidates import Candidates
from simran.allocation.designs import Choice, best, choose
from simran.allocation.evaluate import evaluate
from simran.allocation.options import read_choice, read_energy_j, read_positive, read_time_s
from simran.allocation.per_agent import PerAgentAllocator
from simran.allocation.problem import Allocation, Bools, Floats, Problem
from simran.allocation.stages import RELATIVE_TOLERANCE
from simran.allocation.weighted import Limits, Prices, weighted_designs

__all__ = ["DriftPlusPenalty"]

#: Without a hard delay budget no design plans for more than this many times the long-run one.
_LONGEST = 2.0


@ALLOCATORS.register("drift-plus-penalty")
class DriftPlusPenalty(PerAgentAllocator):
    """Least distortion subject to long-run energy and delay budgets, by virtual queues.

    Each agent has two virtual queues, counted in requests: what its completed requests have spent beyond
    their long-run budgets, ``Z ← max(Z + Σ (spent/budget − 1), 0)``. Of its designs it takes the one with the
    least ``V·w·D/D_max + Z_e·E/E_avg + (Z_d + Q)·T/T_avg``, where Q requests wait at its processor and D_max
    is the largest distortion among its candidates. A larger V comes nearer to the least distortion, by
    O(1/V), and lets the queues, and so the time until the averages hold, grow as O(V).

    Long-run budgets are those of the scenario unless the options say otherwise. What the scenario says stays
    what single requests are judged by, and, as far as ``hard`` says so, what every single design keeps to.

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(520.72e9, 245.95e9, delay_budget_s=3.5, energy_budget_j=2.0)
    >>> int(DriftPlusPenalty().allocate(problem).weight_bits[0])  # nothing is overspent yet
    11
    """

    name: ClassVar[str] = "drift-plus-penalty"
    watches: ClassVar[bool] = True
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        **PerAgentAllocator.OPTIONS,
        "V": Option("weight of the distortion against the queues [requests]", 20.0, read_positive),
        "average_energy": Option("long-run energy per request [J]", None, read_energy_j),
        "average_delay": Option("long-run delay per request [s]", None, read_time_s),
        "hard": Option(
            "budgets that every design keeps to: both, delay, energy or none",
            "both",
            read_choice("both", "delay", "energy", "none"),
        ),
    }

    def __init__(
        self, options: Mapping[str, Any] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(options, rng)
        self._queues: dict[str, tuple[float, float]] = {}
        self._held = np.zeros(0, dtype=np.bool_)  # for whom there was a better design

    def observe(self, problem: Problem) -> None:
        """Let the virtual queues grow by what was overspent since the last decision."""
        energy_j, delay_s = self._budgets(problem)
        state = problem.state
        before = self.queues(problem)
        grown = (
            before.energy
            + state.spent_j / energy_j
            - np.where(np.isinf(energy_j), 0.0, state.completed),
            before.delay
            + state.delay_s / delay_s
            - np.where(np.isinf(delay_s), 0.0, state.completed),
        )
        energy, delay = (np.maximum(it, 0.0).tolist() for it in grown)
        self._queues |= zip(problem.agents, zip(energy, delay, strict=True), strict=True)

    def queues(self, problem: Problem) -> Prices:
        """Return the virtual queues of the agents of a problem [requests]."""
        rows = [self._queues.get(name, (0.0, 0.0)) for name in problem.agents]
        energy, delay = np.array(rows).T
        return Prices(energy, delay)

    def allocate(self, problem: Problem) -> Allocation:
        """Return a design for every agent; feasible are those within the budgets of single requests."""
        self._held = np.zeros(len(problem.agents), dtype=np.bool_)
        answer = super().allocate(problem)
        plan = evaluate(problem, answer, self.options["assumed_share"])
        feasible = answer.feasible & plan.delay_ok & plan.energy_ok
        return replace(answer, feasible=feasible, binding=self._words(problem, answer))

    def explain(self, problem: Problem, allocation: Allocation, agent: int) -> str:
        """Return what stops a better design: a virtual queue, or a budget of single requests."""
        queues = self.queues(problem)
        held = [
            f"{value[agent]:.3g} requests of {word}"
            for value, word in ((queues.energy, "energy"), (queues.delay, "delay"))
            if value[agent] > 0
        ]
        if held and allocation.feasible[agent]:
            return "its virtual queues hold " + " and ".join(held) + " beyond the long-run budgets"
        return super().explain(problem, allocation, agent)

    def choose(self, given: Candidates) -> Choice:
        """Return the candidate with the least drift plus penalty."""
        problem, agents = given.problem, given.agents
        prices = self._prices(problem)
        mine = Prices(prices.energy[agents], prices.delay[agents])
        designs, cost = weighted_designs(given, mine, self._limits(given))
        largest = float(given.objective.max()) or 1.0
        penalty = self.options["V"] * given.objective / largest
        weight = problem.weight[agents][:, None, None, None, None]
        choice = choose(given, designs, weight * penalty[None, :, :, None, None] + cost, None)
        self._held[agents] = _worse(given, choice, best(given))
        return choice

    def _budgets(self, problem: Problem) -> tuple[Floats, Floats]:
        """Return (K,) the long-run budgets of energy [J] and delay [s]."""
        energy_j, delay_s = self.options["average_energy"], self.options["average_delay"]
        count = len(problem.agents)
        return (
            problem.energy_budget_j if energy_j is None else np.full(count, energy_j),
            problem.delay_budget_s if delay_s is None else np.full(count, delay_s),
        )

    def _prices(self, problem: Problem) -> Prices:
        """Return (K,) what a joule and a second cost; waiting requests are slowed down, too."""
        queues = self.queues(problem)
        energy_j, delay_s = self._budgets(problem)
        waiting = queues.delay + problem.state.agent_jobs
        return Prices(queues.energy / energy_j, waiting / delay_s)

    def _limits(self, given: Candidates) -> Limits:
        hard = self.options["hard"]
        time_s, energy_j = given.time_left_s, given.energy_left_j
        if hard not in {"both", "delay"}:
            longest_s = _LONGEST * self._budgets(given.problem)[1][given.agents]
            time_s = np.broadcast_to(longest_s[:, None], time_s.shape) - given.fixed_s
        if hard not in {"both", "energy"}:
            energy_j = np.full_like(energy_j, np.inf)
        return Limits(time_s, energy_j)

    def _words(self, problem: Problem, answer: Allocation) -> tuple[str, ...]:
        """Return in a word what stops better designs, where it is a queue."""
        queues = self.queues(problem)
        columns = queues.delay > 0, queues.energy > 0, self._held
        return tuple(
            ("delay+energy" if late and dear else "energy" if dear else "delay") if held else word
            for late, dear, held, word in zip(*columns, answer.binding, strict=True)
        )


def _worse(given: Candidates, chosen: Choice, other: Choice) -> Bools:
    """Return (n,) whether the other choice, where there is one, has less distortion."""
    mine, theirs = (given.objective[it.cut, it.bit] for it in (chosen, other))
    worse: Bools = chosen.found & other.found & (theirs < mine * (1 - RELATIVE_TOLERANCE))
    return worse
