"""The agents that contend for the same cells and servers, and every design that each may choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simran.allocation.candidates import Candidates, Restriction, batches
from simran.allocation.clocks import Box
from simran.allocation.designs import solve
from simran.allocation.frontier_menu import Unpriced, by_frontier, frontier_menu
from simran.allocation.loads import Stations
from simran.allocation.needs import Needs
from simran.allocation.offers import Offer
from simran.allocation.problem import Bools, Floats, Ints, Problem
from simran.allocation.stages import Shares, slices_by_clock
from simran.allocation.undominated import undominated

__all__ = ["RESERVE", "Contention", "Memo", "Owned", "contentions", "in_force", "owned"]

#: Part of every cell and server kept for agents that do not use it, since no share may be zero.
RESERVE = 1e-6
_ROUNDING = 1e-12  # of a sum of shares that is one
_PATIENCE = 10.0  # an agent without a delay budget counts on a tenth of an equal share


@dataclass(frozen=True)
class Owned:
    """Which shares a joint design may set.

    Parameters
    ----------
    cell, server : (K,) whether the shares of the agent's cell and server are the allocator's to set
    """

    cell: Bools
    server: Bools


@dataclass(eq=False)
class Memo:
    """What is worked out of a contention once, where it is wanted often.

    Parameters
    ----------
    offers : all designs with points of their curves, by whether few of them, and clocks
    costs : (D, M, n) what they cost at some prices at the least, for each interval of the clocks
    """

    offers: dict[tuple[bool, bytes], Offer] = field(default_factory=dict)
    costs: list[Floats] | None = None


@dataclass(frozen=True)
class Contention:
    """Agents that share cells and servers, directly or through others.

    Parameters
    ----------
    agents : (n,) rows of the problem
    menu : every design of each agent, (M, n)
    cut, bits : (M, n) row of the cut table and bit-width of each
    stations : which of the J shared stations an agent uses
    server_of : (n,) number of the agent's server among the S servers with shares of cores; 0 for others
    clocks : for each of these servers its lowest and highest sensible clock [Hz], and its steps
    slices : (n,) whether the agent's slice of a server with shares has a clock of its own
    memo : what has been worked out of the rest
    weight : (n,) w_k
    degrades : (n,) whether the agent is served as well as may be where its design is infeasible
    """

    agents: Ints
    menu: Needs
    cut: Ints
    bits: Ints
    stations: Stations
    server_of: Ints
    clocks: tuple[tuple[float, float, Floats], ...]
    weight: Floats
    degrades: Bools
    slices: Bools
    memo: Memo = field(default_factory=Memo)

    def capacity(self, served: Bools) -> Floats:
        """Return what the served agents may share out.

        A millionth is kept for agents that use none, and a hundredth of an equal share for each that
        is served as well as may be. Slices whose clocks have steps may fill a server to the last hertz, so
        nothing is kept where all are served and each design uses both stations.

        Parameters
        ----------
        served : (..., n)
        """
        unserved = (~served & self.degrades).sum(axis=-1)
        kept = np.where(self._fills & served.all(axis=-1), -_ROUNDING, RESERVE)
        room: Floats = 1.0 - kept - 0.01 * unserved / len(self.agents)
        return room

    @cached_property
    def _fills(self) -> bool:
        """Whether slices come in steps, and no design leaves a station of its agent unused."""
        menu, there = self.menu, np.isfinite(self.menu.value)
        idle = self.stations.cell.any(axis=1) & (menu.air_s <= 0)
        idle |= self.stations.server.any(axis=1) & (menu.server_cycles <= 0)
        stepped = self.slices & (menu.server.low_hz[:, 0] > 0)
        return bool(stepped.any() and not (idle & there).any())


def owned(problem: Problem) -> Owned:
    """Return which shares are an allocator's to set.

    Those of an ``allocated`` cell, and of an ``allocated`` server, if the problem is about all of its
    agents.
    """
    cells = np.array([name == "allocated" for name in problem.cell_scheduler])
    servers = np.array([name == "allocated" for name in problem.server_discipline])
    whole = [
        np.bincount(index, minlength=len(members)) == np.array(members)
        for index, members in (
            (problem.cell_index, problem.cell_agents),
            (problem.server_index, problem.server_agents),
        )
    ]
    return Owned((cells & whole[0])[problem.cell_index], (servers & whole[1])[problem.server_index])


def in_force(problem: Problem, mine: Owned, assumed: float) -> tuple[Floats, Floats]:
    """Return (K,) the shares that an agent counts on where they are not the allocator's to set."""
    shares = []
    for own, index, members, kinds in (
        (mine.cell, problem.cell_index, problem.cell_agents, problem.cell_scheduler),
        (mine.server, problem.server_index, problem.server_agents, problem.server_discipline),
    ):
        equal = 1.0 / np.array(members, dtype=float)[index]
        allocated = np.array([kind == "allocated" for kind in kinds])[index]
        shares.append(np.where(own, 1.0, np.where(allocated, equal, assumed)))
    return shares[0], shares[1]


def contentions(problem: Problem, mine: Owned, assumed: float) -> list[Contention]:
    """Return the groups of agents that share something, each with all designs of its agents."""
    return [_contention(problem, mine, assumed, rows) for rows in _groups(problem, mine)]


def _groups(problem: Problem, mine: Owned) -> list[Ints]:
    """Return the rows of agents linked by shared stations."""
    label = np.arange(len(problem.agents))
    links = [(mine.cell, problem.cell_index), (mine.server, problem.server_index)]
    while True:
        before = label.copy()
        for own, index in links:
            least = np.full(int(index.max()) + 1, len(label))
            np.minimum.at(least, index[own], label[own])
            label = np.where(own, np.minimum(label, least[index]), label)
        if (label == before).all():
            break
    shared = mine.cell | mine.server
    return [np.flatnonzero(shared & (label == it)) for it in np.unique(label[shared])]


def _contention(problem: Problem, mine: Owned, assumed: float, rows: Ints) -> Contention:
    part = problem.select_agents(rows)
    own = Owned(mine.cell[rows], mine.server[rows])
    slices = own.server & slices_by_clock(part)
    menu, cut, bits = _menu(part, own, in_force(part, own, assumed))
    cells, servers = np.unique(part.cell_index[own.cell]), np.unique(part.server_index[own.server])
    stations = Stations(
        np.hstack([_ones(part.cell_index, cells, own.cell), np.zeros((len(rows), len(servers)))]),
        np.hstack(
            [np.zeros((len(rows), len(cells))), _ones(part.server_index, servers, own.server)]
        ),
    )
    clocked = np.unique(part.server_index[menu.common])
    server_of = np.where(menu.common, np.searchsorted(clocked, part.server_index), 0)
    return Contention(
        agents=rows,
        menu=menu,
        cut=cut,
        bits=bits,
        stations=stations,
        server_of=server_of,
        clocks=tuple(_range(menu, menu.common & (server_of == it)) for it in range(len(clocked))),
        weight=part.weight,
        degrades=np.array([name == "degrade" for name in part.on_violation]),
        slices=slices,
    )


def _ones(index: Ints, known: Ints, own: Bools) -> Floats:
    found: Floats = ((index[:, None] == known) & own[:, None]).astype(float)
    return found


def _range(menu: Needs, at: Bools) -> tuple[float, float, Floats]:
    """Return the lowest and the highest sensible clock of a server, and its steps [Hz]."""
    high = menu.server.high_hz[at]
    steps = np.unique(high[0][np.isfinite(high[0])])
    top = float(steps[-1])
    if menu.server.low_hz[at][0, 0] > 0:
        return float(steps[0]), top, steps
    cycles, time = menu.server_cycles[:, at], menu.time_s[:, at]
    works = (cycles > 0) & (time > 0) & np.isfinite(menu.value[:, at])
    least = float(np.min(cycles[works] / time[works])) if works.any() else top
    return min(max(least, 1e-6 * top), top), top, np.empty(0)


def _menu(problem: Problem, own: Owned, shares: tuple[Floats, Floats]) -> tuple[Needs, Ints, Ints]:
    """Return every design of each agent, padded to the longest list, with cut and bit-width."""
    count = len(problem.agents)
    slices = own.server & slices_by_clock(problem)
    whole = Restriction(slices=np.where(slices, 1.0, np.nan))
    parts = [
        _list(given.with_shares(Shares(*(share[given.agents][:, None] for share in shares))), own)
        for given in batches(problem, whole)
    ]
    longest = max(len(part["value"]) for part in parts)
    columns = {name: np.zeros((longest, count)) for name in parts[0] if name != "agents"}
    columns["value"][:] = columns["own_s"][:] = np.inf
    for part in parts:
        for name, values in columns.items():
            values[: len(part[name]), part["agents"]] = part[name]
    cut, bits = columns.pop("cut"), columns.pop("bits")
    boxes = _boxes(problem, whole)
    patient = np.isinf(problem.delay_budget_s)
    top = np.fmax.reduce(boxes[1].high_hz, axis=1)
    alone_s = columns["air_s"] + columns["server_cycles"] / top
    columns["time_s"] = np.where(patient, _PATIENCE * count * alone_s, columns["time_s"])
    unpriced = Unpriced(columns.pop("own_work"), columns.pop("own_in_slice"))
    common = own.server & ~slices
    menu = Needs(**columns, agent=boxes[0], server=boxes[1], common=common, patient=patient)
    if by_frontier(problem, own.cell, slices).any():
        menu, origin = frontier_menu(problem, own.cell, slices, menu, unpriced)
        cut, bits = (np.take_along_axis(it, origin, axis=0) for it in (cut, bits))
    return menu, cut.astype(np.int64), bits.astype(np.int64)


def _list(given: Candidates, own: Owned) -> dict[str, Floats]:
    """Return the designs of some agents that no other design is better than in every respect."""
    cell, server = own.cell[given.agents][:, None], own.server[given.agents][:, None]
    cut, bit = np.nonzero(undominated(given))
    shape = given.fits.shape[:2]

    def spread(values: Floats) -> Floats:
        return np.broadcast_to(values, shape)[:, cut].T

    weight = given.problem.weight[given.agents]
    exists = (given.fits & given.reaches)[:, cut, bit].T
    width = np.where(given.runs_here[cut], given.bits[bit], 0)
    air_s = np.where(cell, given.cost.uplink_s, 0.0)
    beta = given.server_box.exponent
    alone = given.cost.server_cycles ** (1 / beta)
    alone = alone * given.cost.server_cycles_in_slice ** (1 - 1 / beta)

    def elsewhere(values: Floats) -> Floats:
        return spread(np.where(server, 0.0, values))

    return {
        "agents": given.agents,
        "value": np.where(exists, weight * given.objective[cut, bit][:, None], np.inf),
        "cycles": spread(given.cost.agent_cycles_per_bit) * given.bits[bit][:, None],
        "air_s": spread(air_s),
        "server_cycles": spread(np.where(server, given.cost.server_cycles, 0.0)),
        "time_s": spread(given.time_left_s + air_s),
        "energy_j": spread(given.energy_left_j),
        "sent_j": spread(given.cost.transmit_j),
        "own_s": _own_s(given, ~server[:, 0])[:, cut, bit].T,
        "own_cycles": elsewhere(alone),
        "own_work": elsewhere(given.cost.server_cycles),
        "own_in_slice": elsewhere(given.cost.server_cycles_in_slice),
        "cut": np.broadcast_to(given.cuts[cut][:, None], (len(cut), shape[0])),
        "bits": np.broadcast_to(width[:, None], (len(cut), shape[0])),
    }  # fmt: skip


def _own_s(given: Candidates, wanted: Bools) -> Floats:
    """Return (n, C, B) the least time of computing on agent and server within the energy [s]."""
    least = np.full(given.fits.shape, np.inf)
    if wanted.any():
        hasty = given.hurried()
        found = solve(hasty)
        times = np.where(found.feasible, found.rank, np.inf).min(axis=(3, 4))
        least = np.where(wanted[:, None, None], times - given.fixed_s[:, :, None], np.inf)
    return least


def _boxes(problem: Problem, restriction: Restriction) -> tuple[Box, Box]:
    """Return the clocks of all agents and servers, padded with NaN."""
    found = []
    for side in ("agent_box", "server_box"):
        given = [(it.agents, getattr(it, side)) for it in batches(problem, restriction)]
        width = max(box.high_hz.shape[1] for _, box in given)
        sizes = {"low_hz": width, "high_hz": width, "coefficient": width, "exponent": 1}
        columns = {
            name: np.full((len(problem.agents), size), np.nan) for name, size in sizes.items()
        }
        for agents, box in given:
            for name, column in columns.items():
                values = getattr(box, name)
                column[agents[:, None], np.arange(values.shape[1])] = values
        found.append(Box(**columns))
    return found[0], found[1]
