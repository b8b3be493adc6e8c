"""From choices to an allocation: what was found, and what is done where nothing was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simran.allocation.binding import binding, fastest_hz, obstacle
from simran.allocation.candidates import Candidates, Restriction, batches, candidates
from simran.allocation.designs import Choice, best
from simran.allocation.problem import Allocation, Bools, Floats, Ints, Problem

__all__ = ["plan", "without_design"]

Chooser = Callable[[Candidates], Choice]
Prepare = Callable[[Candidates], Candidates]


def plan(
    problem: Problem,
    name: str,
    restriction: Restriction,
    chooser: Chooser,
    prepare: Prepare | None = None,
) -> Allocation:
    """Return the allocation that takes each agent's design from ``chooser``.

    Where nothing is feasible the agent's ``on_violation`` decides: ``degrade`` takes the fewest
    bits at full clocks under the cut with the least delay (where the bit-width is given beforehand,
    the least energy within the delay budget if it can be met), ``drop`` refuses its requests,
    ``fallback-on-device`` takes the best on-device design, or failing that the fewest bits at full
    clocks. Agents whose weights fit nowhere have ``failed``. ``binding`` then says what rules out
    the fewest bits that reach the quality floor under the cut with the least delay, or is
    ``quality`` if none do under any cut. ``prepare`` puts shares and clocks of the server in force.
    """
    draft = _Draft(problem)
    for given in batches(problem, restriction):
        ready = prepare(given) if prepare else given
        draft.settle(ready, chooser(ready))
    return draft.finish(name)


def without_design(problem: Problem, name: str) -> Allocation:
    """Return what every agent's ``on_violation`` makes of having no design at all.

    Parameters
    ----------
    problem : of the agents
    name : of the allocator that failed; ``binding`` says ``allocator``
    """

    def nothing(given: Candidates) -> Choice:
        choice = _full_clocks(given, np.zeros_like(given.least_bit))
        return replace(choice, found=np.zeros_like(choice.found))

    made = plan(problem, name, Restriction(), nothing)
    return replace(made, binding=("allocator",) * len(made.binding))


class _Draft:
    """An allocation in the making."""

    def __init__(self, problem: Problem) -> None:
        count = len(problem.agents)
        self.problem = problem
        self.on_violation = np.array(problem.on_violation, dtype="U20")
        self.cut = np.full(count, -1, dtype=np.int64)
        self.bits = np.zeros(count, dtype=np.int64)
        self.agent_hz = np.full(count, np.nan)
        self.server_hz = np.full(count, np.nan)
        self.feasible = np.zeros(count, dtype=np.bool_)
        self.binding = np.full(count, "none", dtype="U12")
        self.fallback = np.full(count, "", dtype="U20")

    def finish(self, name: str) -> Allocation:
        nan = np.full(len(self.cut), np.nan)
        return Allocation(
            allocator=name,
            cut=self.cut,
            weight_bits=self.bits,
            agent_frequency_hz=self.agent_hz,
            server_frequency_hz=self.server_hz,
            bandwidth_share=nan,
            server_share=nan.copy(),
            feasible=self.feasible,
            binding=tuple(self.binding.tolist()),
            fallback=tuple(self.fallback.tolist()),
        )

    def settle(self, given: Candidates, choice: Choice) -> None:
        """Enter what was found, and fall back for the rest."""
        self.feasible[given.agents] = choice.found
        self.binding[given.agents] = binding(given, choice)
        self._enter(given, choice, choice.found)
        if not choice.found.all():
            self._fall_back(given, ~choice.found)

    def _enter(self, given: Candidates, choice: Choice, rows: Bools) -> None:
        agents = given.agents[rows]
        cut, bits = choice.cut[rows], given.bits[choice.bit[rows]]
        self.cut[agents] = given.cuts[cut]
        self.bits[agents] = np.where(given.runs_here[cut], bits, 0)
        for column, clocks in (
            (self.agent_hz, choice.agent_hz[rows]),
            (self.server_hz, choice.server_hz[rows]),
        ):
            column[agents] = np.where(clocks > 0, clocks, np.nan)

    def _fall_back(self, given: Candidates, unmet: Bools) -> None:
        rough = _full_clocks(given, np.zeros_like(given.least_bit))
        rows = np.flatnonzero(unmet)
        wanted = _full_clocks(given, given.least_bit, given.reachable)
        word = obstacle(given, rows, wanted.cut[rows], wanted.bit[rows])
        nowhere = ~np.logical_or.reduce(given.reachable, axis=1)[rows]
        self.binding[given.agents[rows]] = np.where(nowhere, "quality", word)
        policy = self.on_violation[given.agents]
        local = unmet & (policy == "fallback-on-device")
        failed = unmet & ~rough.found & ~local
        self.fallback[given.agents[unmet]] = policy[unmet]
        self.fallback[given.agents[failed]] = "failed"
        degraded = unmet & rough.found & (policy == "degrade")
        if degraded.any():
            self._degrade(given, rough, degraded)
        if local.any():
            self._go_local(given, given.agents[local])

    def _degrade(self, given: Candidates, rough: Choice, rows: Bools) -> None:
        self._enter(given, rough, rows)
        if given.restriction.fixes_bits:
            in_time = best(given, in_time=True)
            self._enter(given, in_time, rows & in_time.found)

    def _go_local(self, given: Candidates, agents: Ints) -> None:
        given = candidates(self.problem, agents, replace(given.restriction, placement="on-device"))
        choice = best(given)
        rough = _full_clocks(given, np.zeros_like(given.least_bit))
        everyone = np.ones(len(agents), dtype=np.bool_)
        self._enter(given, rough, rough.found)
        if given.restriction.fixes_bits:
            in_time = best(given, in_time=True)
            self._enter(given, in_time, in_time.found)
        self._enter(given, choice, choice.found)
        self.fallback[agents[everyone & ~rough.found]] = "failed"


def _full_clocks(given: Candidates, bit: Ints, usable: Bools | None = None) -> Choice:
    """Return given bits at full clocks, under the cut that fits with the least delay.

    Parameters
    ----------
    given : the candidates
    bit : (n, C) columns of the bit-widths
    usable : (n, C) the cuts to look at; all if None
    """
    f, g = fastest_hz(given.agent_box), fastest_hz(given.server_box)
    cycles = given.cost.agent_cycles_per_bit * given.bits[bit]
    there = given.cost.server_cycles_in_slice
    delay: Floats = cycles / f[:, None] + np.where(there > 0, there / g[:, None], 0.0)
    fits = np.take_along_axis(given.fits, bit[:, :, None], axis=2)[:, :, 0]
    fits = fits & ~np.isnan(delay)  # a server may have no step slow enough
    delay = np.where(fits, delay + given.fixed_s, np.inf)
    if usable is not None:  # of cuts that do not fit, too, one that is usable
        delay = np.where(usable, np.minimum(delay, np.finfo(float).max), np.inf)
    cut = np.argmin(delay, axis=1)
    rows = np.arange(len(cut))
    here = given.cost.agent_cycles_per_bit[rows, cut] > 0
    serves = there[rows, cut] > 0
    return Choice(
        np.logical_or.reduce(fits, axis=1),
        cut,
        bit[rows, cut],
        np.where(here, f, 0.0),
        np.where(serves, g, 0.0),
    )
