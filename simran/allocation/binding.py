"""What stops a better design, in one word per agent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simran.allocation.candidates import Candidates
from simran.allocation.clocks import Box
from simran.allocation.designs import Choice
from simran.allocation.problem import Bools, Floats, Ints
from simran.allocation.stages import RELATIVE_TOLERANCE

__all__ = ["binding", "fastest_hz", "finer", "floor_j", "obstacle"]


def binding(given: Candidates, choice: Choice) -> NDArray[np.str_]:
    """Return (n,) what stops the next larger bit-width that would improve the objective.

    ``none`` if no larger candidate improves it, or nothing runs on the agent; ``bits`` at the
    largest candidate; otherwise :func:`obstacle` of that candidate under the same cut. Where no larger
    one improves it, but less pruning or finer features would, the obstacle of those. What the design
    chosen uses up is another matter: it may spend the last joule, and the next be late at any energy.
    """
    chosen = given.objective[choice.cut, choice.bit]
    row = given.objective[choice.cut]
    larger = np.arange(len(given.bits)) > choice.bit[:, None]
    better = larger & (row < (chosen * (1 - RELATIVE_TOLERANCE))[:, None])
    at_end = (choice.bit == len(given.bits) - 1) & (chosen > 0)
    reason = np.where(at_end, "bits", "none").astype("U12")
    rows = np.flatnonzero(better.any(axis=1) & choice.found)
    if rows.size:
        reason[rows] = obstacle(given, rows, choice.cut[rows], np.argmax(better[rows], axis=1))
    left = choice.found & ~better.any(axis=1)
    if left.any():
        cut = finer(given, choice.cut, choice.bit)
        rows = np.flatnonzero(left & (cut >= 0))
        if rows.size:
            reason[rows] = obstacle(given, rows, cut[rows], choice.bit[rows])
    reason[~given.runs_here[choice.cut]] = "none"
    return reason


def finer(given: Candidates, cut: Ints, bit: Ints) -> Ints:
    """Return (n,) the nearest cut of less distortion with the same split and bits, or −1.

    Such a cut prunes less or sends finer features.

    Parameters
    ----------
    given : the candidates
    cut, bit : (n,) columns of the designs chosen
    """
    table = given.table
    names = [(table.placement[row], table.split[row]) for row in given.cuts.tolist()]
    if len(set(names)) == len(names):
        return np.full(len(cut), -1, dtype=np.int64)
    kin = np.array([[one == other for other in names] for one in names])
    objective = given.objective[:, bit].T
    chosen = given.objective[cut, bit][:, None]
    better = kin[cut] & (objective < chosen * (1 - RELATIVE_TOLERANCE))
    nearest = np.argmax(np.where(better, objective, -np.inf), axis=1)
    return np.where(better.any(axis=1), nearest, -1)


def obstacle(given: Candidates, rows: Ints, cut: Ints, bit: Ints) -> NDArray[np.str_]:
    """Return what rules a candidate out: ``memory``, ``quality``, or one or both of the budgets.

    ``quality`` if its quality is below the floor, or not known. Of the budgets,
    ``delay`` if even full clocks are too slow, ``energy`` if no clock is frugal enough,
    ``delay+energy`` if both, or if each budget can be met but not both by one design.

    Parameters
    ----------
    given : the candidates
    rows, cut, bit : (m,) rows of ``given.agents`` and columns of the candidate
    """
    cycles = given.cost.agent_cycles_per_bit[rows, cut] * given.bits[bit]
    late = _least_s(given, rows, cut, cycles) > (
        given.time_left_s[rows, cut] + given.time_slack_s[rows, 0]
    )
    greedy = _too_greedy(given, rows, cut, cycles)
    reason = np.where(late & ~greedy, "delay", np.where(greedy & ~late, "energy", "delay+energy"))
    reason = np.where(given.reaches[rows, cut, bit], reason, "quality")
    return np.where(given.fits[rows, cut, bit], reason, "memory").astype("U12")


def fastest_hz(box: Box) -> Floats:
    """Return (n,) the highest clock of each row [Hz]."""
    fastest: Floats = np.fmax.reduce(box.high_hz, axis=1)
    return fastest


def _least_s(given: Candidates, rows: Ints, cut: Ints, cycles: Floats) -> Floats:
    there = given.cost.server_cycles_in_slice[rows, cut]
    seconds: Floats = cycles / fastest_hz(given.agent_box)[rows]
    return seconds + there / fastest_hz(given.server_box)[rows]


def floor_j(box: Box, rows: Ints, cycles: Floats) -> tuple[Floats, Bools]:
    """Return the least energy at any clock [J], and whether it is only approached.

    Parameters
    ----------
    box : clocks of every agent
    rows : (m,) agents
    cycles : (m,) what they have to run [cycle]
    """
    low = box.low_hz[rows]
    drawn = box.coefficient[rows] * low ** (box.exponent[rows] - 1)
    floor = cycles * np.fmin.reduce(drawn, axis=1)
    is_open = (low[:, 0] == 0) & (box.coefficient[rows, 0] > 0) & (cycles > 0)
    return floor, is_open


def _too_greedy(given: Candidates, rows: Ints, cut: Ints, cycles: Floats) -> Bools:
    left = given.energy_left_j[rows, cut]
    here, open_here = floor_j(given.agent_box, rows, cycles)
    there, open_there = floor_j(given.server_box, rows, given.cost.server_cycles[rows, cut])
    # continuous clocks come as near to zero energy as they like, but never reach it
    unmet = (open_here | open_there) & (left <= here + there)
    greedy: Bools = unmet | (here + there > left + given.energy_slack_j[rows, 0])
    return greedy
