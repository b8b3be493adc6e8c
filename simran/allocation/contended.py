"""Allocators that design all agents of a cell and a server at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np

from simran.allocation.base import Allocator, Option
from simran.allocation.candidates import Candidates, Restriction
from simran.allocation.clocks import Box
from simran.allocation.common_clock import spread_clock
from simran.allocation.designs import Choice, Designs, best, pick, solve
from simran.allocation.draft import plan
from simran.allocation.economy import Split, even_split, frugal_split, promising
from simran.allocation.enumeration import Selection
from simran.allocation.options import read_choice, read_share
from simran.allocation.problem import Allocation, Bools, Floats, Ints, Problem
from simran.allocation.reasons import Restrict, reason
from simran.allocation.shared import RESERVE, Contention, contentions, in_force, owned
from simran.allocation.stages import RELATIVE_TOLERANCE, Shares, slices_by_clock

__all__ = ["ContendedAllocator"]


class ContendedAllocator(Allocator):
    """An allocator that sets shares of cells and servers, and designs to fit them.

    It sets the shares of ``allocated`` cells and servers. Slices of a server with ``partition: space`` get
    one common clock, those of one with ``partition: clock`` run at up to φ f̃_max each. Elsewhere, and for
    decisions about some agents only, the shares are not its to set: designs there are those of ``exact``,
    under equal slices of what is allocated and ``assumed_share`` of the rest. Agents are looked at in the
    order of their names.

    An agent without a delay budget counts on a tenth of an equal share. An agent that cannot be served has
    its ``on_violation``; if that is to degrade, it gets a hundredth of an equal share.
    """

    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "objective": Option(
            "weighted-sum (least sum of weight × distortion) or max-min (least largest one first)",
            "weighted-sum",
            read_choice("weighted-sum", "max-min"),
        ),
        "assumed_share": Option(
            "share of cell and server where shares are not allocated, in (0, 1]", 1.0, read_share
        ),
    }

    @property
    def fair(self) -> bool:
        """Whether the largest w D is minimised first."""
        return bool(self.options["objective"] == "max-min")

    @abstractmethod
    def select(self, group: Contention) -> list[Selection]:
        """Return the best selections found for agents that contend, equally good ones all."""

    def allocate(self, problem: Problem) -> Allocation:
        """Return a design for every agent of ``problem``."""
        order = np.argsort(np.array(problem.agents), kind="stable")
        answer = self._allocate(problem.select_agents(order))
        return _reordered(answer, np.argsort(order, kind="stable"))

    def explain(self, problem: Problem, allocation: Allocation, agent: int) -> str:
        """Return what stops a better design of an agent under the shares that it has been given."""
        given = allocation.bandwidth_share[agent], allocation.server_share[agent]
        if allocation.feasible[agent] or np.isnan(given).all():
            return reason(problem, allocation, agent, self._restriction(problem, allocation, agent))
        ones = np.ones(len(problem.agents))
        alone = replace(allocation, bandwidth_share=ones, server_share=ones)
        told = reason(problem, alone, agent, self._restriction(problem, alone, agent))
        if "although there is one" in told:
            return (
                "cell and server cannot serve all agents: of those that could be served alone, the ones"
                " that would need the largest shares per weight are turned away"
            )
        return told

    def _restriction(self, problem: Problem, given: Allocation, agent: int) -> Restrict:
        """Return what the design of one agent keeps to, from the problem of that agent alone."""
        mine = owned(problem).server[agent] & slices_by_clock(problem)[agent]
        slices = np.where(mine, given.server_share[[agent]], np.nan)
        kept = Restriction(assumed_share=self.options["assumed_share"], slices=slices)
        return lambda alone: kept

    def _allocate(self, problem: Problem) -> Allocation:
        mine = owned(problem)
        assumed = self.options["assumed_share"]
        scheme = _Scheme(problem, in_force(problem, mine, assumed))
        for group in contentions(problem, mine, assumed):
            selection, split = self._settled(problem, group)
            scheme.enter(group, selection, split)
        answer = plan(problem, self.name, scheme.restriction(), scheme.choose, scheme.prepare)
        return scheme.shared(answer, mine.cell, mine.server)

    def _settled(self, problem: Problem, group: Contention) -> tuple[Selection, Split]:
        found = self.select(group)
        if problem.select == "min-delay":
            return found[0], even_split(group, found[0], found[0].clocks_hz)
        found = promising(group, found)
        splits = [frugal_split(group, selection) for selection in found]
        place = int(np.argmin([split.energy_j for split in splits]))
        return found[place], splits[place]


@dataclass
class _Columns:
    """What has been decided of each agent."""

    bandwidth: Floats
    server: Floats
    clock_hz: Floats
    cut: Ints
    bits: Ints
    settled: Bools
    served: Bools
    slices: Bools


class _Scheme:
    """The shares, clocks and designs of all agents, as the other parts want them."""

    def __init__(self, problem: Problem, shares: tuple[Floats, Floats]) -> None:
        count = len(problem.agents)
        self._known = _Columns(
            bandwidth=shares[0].copy(),
            server=shares[1].copy(),
            clock_hz=np.full(count, np.nan),
            cut=np.zeros(count, dtype=np.int64),
            bits=np.zeros(count, dtype=np.int64),
            settled=np.zeros(count, dtype=np.bool_),
            served=np.zeros(count, dtype=np.bool_),
            slices=np.zeros(count, dtype=np.bool_),
        )

    def enter(self, group: Contention, selection: Selection, split: Split) -> None:
        """Take over what has been decided of the agents of a group."""
        known, rows = self._known, group.agents
        columns = np.arange(len(rows))
        known.settled[rows] = True
        known.served[rows] = selection.served
        known.slices[rows] = group.slices
        known.cut[rows] = group.cut[selection.columns, columns]
        known.bits[rows] = group.bits[selection.columns, columns]
        clocks = spread_clock(group, split.clocks_hz)
        known.clock_hz[rows] = np.where(group.menu.common, clocks, np.nan)
        crumb = np.where(group.degrades & ~selection.served, 0.01, RESERVE) / len(rows)
        if not selection.served.any():  # all do as well as may be
            crumb = np.full(len(rows), 1.0 / len(rows))
        for mine, given, places in (
            (known.bandwidth, split.bandwidth, group.stations.cell),
            (known.server, split.server, group.stations.server),
        ):
            own = places.any(axis=1)
            share = np.where(selection.served & (given > 0), given, crumb)
            mine[rows] = np.where(own, share, mine[rows])

    def restriction(self) -> Restriction:
        """Return what the slices with clocks of their own leave to choose from."""
        known = self._known
        return Restriction(slices=np.where(known.slices, known.server, np.nan))

    def prepare(self, given: Candidates) -> Candidates:
        """Put shares and common clocks in force."""
        known, agents = self._known, given.agents
        shares = Shares(known.bandwidth[agents][:, None], known.server[agents][:, None])
        clock = known.clock_hz[agents][:, None]
        box = given.server_box
        near = np.abs(box.high_hz - clock) <= RELATIVE_TOLERANCE * clock
        free = np.isnan(clock)
        continuous = box.low_hz == 0
        fixed = np.where(continuous, clock, np.where(near, box.high_hz, np.nan))
        server = Box(
            np.where(free, box.low_hz, fixed),
            np.where(free, box.high_hz, fixed),
            box.coefficient,
            box.exponent,
        )
        return replace(given.with_shares(shares), server_box=server)

    def choose(self, given: Candidates) -> Choice:
        """Return the settled designs with their clocks, and those of ``exact`` elsewhere."""
        choice = best(given)
        known, agents = self._known, given.agents
        rows = np.flatnonzero(known.settled[agents])
        if not rows.size:
            return choice
        cut = np.searchsorted(given.cuts, known.cut[agents])
        bit = np.searchsorted(given.bits, known.bits[agents])
        bit = np.where(given.runs_here[cut], bit, 0)
        columns = np.broadcast_to(bit[:, None, None], (*given.fits.shape[:2], 1))
        designs = solve(given, columns)
        found, f, g = _clocks(designs, cut)
        settled, served = known.settled[agents], known.served[agents]
        return Choice(
            np.where(settled, served & found, choice.found),
            np.where(settled, cut, choice.cut),
            np.where(settled, bit, choice.bit),
            np.where(settled, f, choice.agent_hz),
            np.where(settled, g, choice.server_hz),
        )

    def shared(self, answer: Allocation, cell: Bools, server: Bools) -> Allocation:
        """Return the answer with the shares that are the allocator's to set."""
        served = answer.cut >= 0
        return replace(
            answer,
            bandwidth_share=np.where(cell & served, self._known.bandwidth, np.nan),
            server_share=np.where(server & served, self._known.server, np.nan),
        )


def _clocks(designs: Designs, cut: Ints) -> tuple[Bools, Floats, Floats]:
    """Return of one cut of each agent whether it is feasible, and its best clocks."""
    rows = np.arange(len(cut))
    shape = (len(cut), -1)
    feasible = designs.feasible[rows, cut, 0].reshape(shape)
    rank, f, g = (
        getattr(designs, name)[rows, cut, 0].reshape(shape)
        for name in ("rank", "agent_hz", "server_hz")
    )
    found, index = pick(feasible, ((rank, RELATIVE_TOLERANCE), (f, 0.0), (g, 0.0)))
    return found, f[rows, index], g[rows, index]


def _reordered(answer: Allocation, order: Ints) -> Allocation:
    """Return an allocation with its agents in another order."""
    values: dict[str, Any] = {f.name: getattr(answer, f.name) for f in fields(answer)}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            values[name] = value[order]
        elif isinstance(value, tuple):
            values[name] = tuple(value[row] for row in order.tolist())
    return Allocation(**values)
