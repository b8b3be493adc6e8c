"""The best clocks of every candidate, and the choice among candidates by the stated rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.allocation.candidates import Candidates
from simran.allocation.clocks import Box, Clocks, Work, least_delay, least_energy
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.stages import RELATIVE_TOLERANCE

__all__ = [
    "Choice",
    "Designs",
    "along",
    "best",
    "best_clocks",
    "choose",
    "pick",
    "solve",
    "work_of",
]

_FEW = 64  # candidates that are looked at all at once
_PORTION = 16  # candidates that are looked at first where there are more


@dataclass(frozen=True)
class Designs:
    """The candidates with their best clocks, shape (n, C, B, F, G).

    Parameters
    ----------
    feasible : whether both budgets are met, the weights fit and the quality reaches its floor
    rank : what decides among equal objectives: energy [J], or delay [s] where speed is wanted
    agent_hz, server_hz : clocks [Hz]; 0 where nothing runs
    """

    feasible: Bools
    rank: Floats
    agent_hz: Floats
    server_hz: Floats


@dataclass(frozen=True)
class Choice:
    """One design for each of n agents; only rows with ``found`` mean anything.

    Parameters
    ----------
    found : (n,) whether there is one
    cut, bit : (n,) columns of the candidates
    agent_hz, server_hz : (n,) [Hz]; 0 where nothing runs
    """

    found: Bools
    cut: Ints
    bit: Ints
    agent_hz: Floats
    server_hz: Floats


def solve(
    given: Candidates,
    bits: Ints | None = None,
    *,
    any_energy: bool = False,
    any_quality: bool = False,
) -> Designs:
    """Return the best clocks of every candidate.

    Parameters
    ----------
    given : the candidates
    bits : (n, C, M) columns of ``given.bits`` to look at, or None for all
    any_energy, any_quality : leave the energy budget or the quality floor out of account
    """
    columns = np.arange(len(given.bits)) if bits is None else bits
    work = work_of(given, given.bits[columns], any_energy)
    agent, server = along(given.agent_box, 0), along(given.server_box, 1)
    clocks, fast = best_clocks(given, work, agent, server)
    fits = given.fits if any_quality else given.fits & given.reaches
    if bits is not None:
        fits = np.take_along_axis(fits, bits, axis=2)
    feasible = fits[..., None, None] & (clocks.time_s < np.inf)
    slack = given.time_slack_s[:, :, None, None, None]
    feasible = feasible & (clocks.time_s <= work.time_s + slack)
    slack = given.energy_slack_j[:, :, None, None, None]
    feasible &= clocks.energy_j <= work.energy_j + slack
    rank = np.where(
        fast,
        clocks.time_s + given.fixed_s[:, :, None, None, None],
        clocks.energy_j + given.cost.transmit_j[:, :, None, None, None],
    )
    shape = feasible.shape
    return Designs(
        feasible,
        np.broadcast_to(rank, shape),
        np.broadcast_to(np.nan_to_num(clocks.agent_hz), shape),
        np.broadcast_to(np.nan_to_num(clocks.server_hz), shape),
    )


def best(given: Candidates, *, in_time: bool = False) -> Choice:
    """Return each agent's best candidate.

    Least objective; among equals (within 1e-9 relative) least energy, or least delay where speed is
    wanted; then fewer bits, lower f, lower f̃, and the earlier cut. Candidates are looked at in order of
    their objective, which all agents share, and only until each agent has a feasible one. ``in_time``
    leaves all but the delay budget and the memory out of account.
    """
    if given.objective.size <= _FEW:
        everything = solve(given, any_energy=in_time, any_quality=in_time)
        return choose(given, everything, given.objective[None, :, :, None, None], None)
    n = len(given.agents)
    found = np.zeros(n, dtype=np.bool_)
    cut, bit = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    agent_hz, server_hz = np.zeros(n), np.zeros(n)
    for cuts, bits in _portions(given.objective):
        left = np.flatnonzero(~found)
        if not left.size:
            break
        part = given.part(left, cuts)
        columns = np.broadcast_to(bits[:, None], (len(left), len(cuts), 1))
        objective = given.objective[cuts, bits][None, :, None, None, None]
        designs = solve(part, columns, any_energy=in_time, any_quality=in_time)
        choice = choose(part, designs, objective, columns)
        rows = left[choice.found]
        found[rows] = True
        cut[rows], bit[rows] = cuts[choice.cut[choice.found]], choice.bit[choice.found]
        agent_hz[rows] = choice.agent_hz[choice.found]
        server_hz[rows] = choice.server_hz[choice.found]
    return Choice(found, cut, bit, agent_hz, server_hz)


def _portions(objective: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Yield cuts and columns of the candidates, least objective first, equals never parted."""
    flat = objective.ravel()
    order = np.argsort(flat, kind="stable")
    ranked = flat[order]
    steps = np.diff(ranked) > 2 * RELATIVE_TOLERANCE * np.abs(ranked[:-1])
    edges = np.append(np.flatnonzero(steps) + 1, len(flat))
    start, size = 0, _PORTION
    while start < len(flat):
        end = int(edges[np.searchsorted(edges, min(start + size, len(flat)))])
        # as they stand in the table, so that the earlier cut wins what is left of ties
        cuts, bits = np.divmod(np.sort(order[start:end]), objective.shape[1])
        yield cuts, bits
        start, size = end, 2 * size


def choose(given: Candidates, designs: Designs, objective: Floats, bits: Ints | None) -> Choice:
    """Return each agent's best design by the stated rule; ``bits`` as for :func:`solve`."""
    shape = designs.feasible.shape
    columns = np.arange(len(given.bits)) if bits is None else bits
    width = np.where(given.runs_here[:, None], given.bits[columns], 0)
    width = np.broadcast_to(width[..., None, None], shape)
    criteria = (
        (np.broadcast_to(objective, shape), RELATIVE_TOLERANCE),
        (designs.rank, RELATIVE_TOLERANCE),
        (width, 0.0),
        (designs.agent_hz, 0.0),
        (designs.server_hz, 0.0),
    )
    n = shape[0]
    flat = [(values.reshape(n, -1), tolerance) for values, tolerance in criteria]
    found, index = pick(designs.feasible.reshape(n, -1), flat)
    cut, column, _, _ = np.unravel_index(index, shape[1:])
    if bits is not None:
        column = bits[np.arange(n), cut, column]
    at = (np.arange(n), index)
    return Choice(found, cut, column, flat[3][0][at], flat[4][0][at])


def pick(
    feasible: Bools, criteria: Sequence[tuple[NDArray[np.generic], float]]
) -> tuple[Bools, Ints]:
    """Return whether any column of each row is feasible, and the best one.

    Parameters
    ----------
    feasible : (n, M)
    criteria : arrays (n, M) to minimise in turn, each with the relative difference that counts
        as none; the first column wins what is left of ties
    """
    left = feasible.copy()
    for values, tolerance in criteria:
        least = np.where(left, values, np.inf).min(axis=1, keepdims=True)
        margin = tolerance * np.abs(least) if tolerance else 0.0  # least is inf where none is left
        left &= values <= least + margin
    return np.logical_or.reduce(feasible, axis=1), np.argmax(left, axis=1)


def work_of(given: Candidates, bits: Ints, any_energy: bool = False) -> Work:
    """Return what each candidate computes, and what the budgets leave for it, (n, C, M, 1, 1).

    Parameters
    ----------
    given : the candidates
    bits : bit-widths, broadcastable to (n, C, M) [bit]
    any_energy : leave the energy budget out of account
    """

    def spread(values: Floats) -> Floats:
        return values[:, :, None, None, None]

    energy = np.full_like(given.energy_left_j, np.inf) if any_energy else given.energy_left_j
    return Work(
        agent_cycles=spread(given.cost.agent_cycles_per_bit) * bits[..., None, None],
        server_cycles=spread(given.cost.server_cycles),
        server_cycles_in_slice=spread(given.cost.server_cycles_in_slice),
        time_s=spread(given.time_left_s),
        energy_j=spread(energy),
    )


def along(box: Box, side: int) -> Box:
    """Lay the clocks of a box along axis 3 (agent) or axis 4 (server)."""
    index = (slice(None), None, None) + ((slice(None), None) if side == 0 else (None, slice(None)))
    return Box(box.low_hz[index], box.high_hz[index], box.coefficient[index], box.exponent[index])


def best_clocks(given: Candidates, work: Work, agent: Box, server: Box) -> tuple[Clocks, Bools]:
    """Return the clocks of least energy, or of least delay where that is wanted, and where it is."""
    fast = given.fast
    mask = fast[:, None, None, None, None]
    if not fast.any():
        return least_energy(work, agent, server), mask
    quick = least_delay(work, agent, server)
    if fast.all():
        return quick, mask
    slow = least_energy(work, agent, server)
    mixed = Clocks(
        np.where(mask, quick.agent_hz, slow.agent_hz),
        np.where(mask, quick.server_hz, slow.server_hz),
        np.where(mask, quick.time_s, slow.time_s),
        np.where(mask, quick.energy_j, slow.energy_j),
    )
    return mixed, mask
