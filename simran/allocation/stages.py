"""What each stage of a request costs under a cut: the formulas that every allocator shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simran.allocation.problem import Bools, CutTable, Floats, Ints, Problem
from simran.radio import part_rate

__all__ = [
    "RELATIVE_TOLERANCE",
    "Shares",
    "Stages",
    "meets_floor",
    "offloads",
    "server_ceiling_hz",
    "slices_by_clock",
    "stages",
    "waits",
]

#: A budget met to within this relative error counts as met, objectives this close count as equal.
RELATIVE_TOLERANCE = 1e-9


def meets_floor(quality: Floats, floor: Floats) -> Bools:
    """Tell whether a quality reaches a floor, to within 1e-9 relative; NaN reaches none but -inf."""
    none = np.isneginf(floor)
    least = np.where(none, 0.0, floor)
    reached: Bools = quality >= least - RELATIVE_TOLERANCE * np.abs(least)
    return reached | none


@dataclass(frozen=True)
class Shares:
    """The shares of cell and server that a design counts on.

    Parameters
    ----------
    bandwidth : β, broadcastable against the agents, in (0, 1]
    server : φ, likewise
    """

    bandwidth: Floats
    server: Floats


@dataclass(frozen=True)
class Stages:
    """What a request of each agent needs under each cut; all arrays broadcast together.

    Parameters
    ----------
    agent_cycles_per_bit : (b/b_ref) N size/c for b = 1 [cycle/bit]
    server_cycles : Ñ size/c̃, which is what the energy counts [cycle]
    server_cycles_in_slice : Ñ size/(φ c̃), which is what the time counts [cycle]
    uplink_s, backhaul_s, return_link_s, downlink_s : time of each transfer [s]
    transmit_j : p S/r, whatever the share; p S/R(β) where shares are of the band [J]
    """

    agent_cycles_per_bit: Floats
    server_cycles: Floats
    server_cycles_in_slice: Floats
    uplink_s: Floats
    backhaul_s: Floats
    return_link_s: Floats
    downlink_s: Floats
    transmit_j: Floats

    @property
    def transfers_s(self) -> Floats:
        """Time of all transfers [s]."""
        total: Floats = self.uplink_s + self.backhaul_s + self.return_link_s + self.downlink_s
        return total


def offloads(table: CutTable) -> Bools:
    """Return (C,) whether a cut sends anything to the server: every one but on-device."""
    return np.array([placement != "on-device" for placement in table.placement], dtype=np.bool_)


def stages(problem: Problem, table: CutTable, agents: Ints, cuts: Ints, shares: Shares) -> Stages:
    """Return what the stages cost for agents ``agents`` under cuts ``cuts`` of ``table``.

    Parameters
    ----------
    problem : the design problem
    table : the cut table of these agents
    agents : rows of the problem, broadcastable against ``cuts``, such as (n, 1)
    cuts : rows of the table, such as (C,)
    shares : β and φ, broadcastable against both

    Notes
    -----
    An on-device cut sends nothing, whatever its table says. A slice of a server with ``partition:
    clock`` runs all cores at a clock of its own, so its share does not enter the time. Where shares are
    of the band, R(β) is that of :func:`simran.radio.part_rate`; of flows that share it equally, each is
    being sent for as long as it stays, so that the wait in the cell is paid for like the rest.
    """
    sends = offloads(table)[cuts]
    size, server_size = problem.size[agents], problem.server_size[agents]
    agent, server = problem.agent_clock, problem.server_clock
    per_bit = table.agent_flops[cuts] / table.reference_bits
    cycles = np.where(sends, table.server_flops[cuts] * server_size, 0.0)
    cycles = cycles / server.flops_per_cycle[agents]
    up = np.where(sends, table.uplink_bits[cuts] * problem.uplink_size[agents], 0.0)
    down = np.where(sends, table.downlink_bits[cuts] * size, 0.0)
    rate, delay = problem.rate_bps[agents], problem.link_delay_s[agents]
    per_link_bit = problem.link_s_per_bit[agents]
    uplink_s = up / (_carried(problem, agents, shares.bandwidth) * rate)
    return Stages(
        agent_cycles_per_bit=per_bit * size / agent.flops_per_cycle[agents],
        server_cycles=cycles,
        server_cycles_in_slice=cycles / _time_share(problem, agents, shares.server),
        uplink_s=uplink_s,
        backhaul_s=np.where(sends, per_link_bit * up + delay, 0.0),
        return_link_s=np.where(sends, per_link_bit * down + delay, 0.0),
        downlink_s=down / rate,
        transmit_j=problem.transmit_w[agents]
        * _sending_s(problem, agents, sends, up / rate, uplink_s),
    )


def waits(
    problem: Problem, table: CutTable, agents: Ints, cuts: Ints
) -> tuple[Floats, Floats, Floats]:
    """Return the observed waits at agent, cell and server that a cut goes through [s].

    On-device work waits for neither cell nor server, on-server work not for the agent. The queue at the
    agent moves on while the decision is made, so only what is left of that wait then counts.
    """
    sends = offloads(table)[cuts]
    runs_here = np.array([placement != "on-server" for placement in table.placement])[cuts]
    return (
        np.where(
            runs_here, np.maximum(problem.agent_wait_s - problem.decision_s, 0.0)[agents], 0.0
        ),
        np.where(sends, problem.uplink_wait_s[agents], 0.0),
        np.where(sends, problem.server_wait_s[agents], 0.0),
    )


def slices_by_clock(problem: Problem) -> Bools:
    """Return (K,) whether an agent's server gives each slice a clock of its own."""
    pairs = zip(problem.server_discipline, problem.server_partition, strict=True)
    by_clock = np.array([pair == ("allocated", "clock") for pair in pairs], dtype=np.bool_)
    chosen: Bools = by_clock[problem.server_index]
    return chosen


def _carried(problem: Problem, agents: Ints, share: Floats) -> Floats:
    """Return what part of its rate with the whole cell an agent has with a share."""
    if np.isnan(problem.bandwidth_hz).all():
        return share
    return part_rate(share, problem.rate_bps[agents] / problem.bandwidth_hz[agents])


def _sending_s(
    problem: Problem, agents: Ints, sends: Bools, alone_s: Floats, uplink_s: Floats
) -> Floats:
    """Return how long an agent's transmitter is on: its airtime, or all along with a part of the band [s]."""
    by_band = np.isfinite(problem.bandwidth_hz)
    if not by_band.any():
        return alone_s
    equal = np.array([name != "allocated" for name in problem.cell_scheduler])[problem.cell_index]
    waits = np.where(sends, np.where(equal, problem.uplink_wait_s, 0.0)[agents], 0.0)
    found: Floats = np.where(by_band[agents], uplink_s + waits, alone_s)
    return found


def server_ceiling_hz(
    problem: Problem, assumed_share: float, slices: Floats | None = None
) -> Floats:
    """Return (K,) the highest server clock [Hz].

    A slice with a clock of its own gets φ f̃_max, and designs that set no shares leave equal ones.

    Parameters
    ----------
    problem : the design problem
    assumed_share : the largest φ that is counted on without one that the design sets
    slices : (K,) φ that the design sets; NaN where it sets none
    """
    present = np.array(problem.server_agents)[problem.server_index]
    share = np.minimum(assumed_share, 1.0 / present)
    if slices is not None:
        share = np.where(np.isnan(slices), share, slices)
    ceiling: Floats = problem.server_clock.f_max_hz * np.where(slices_by_clock(problem), share, 1.0)
    return ceiling


def _time_share(problem: Problem, agents: Ints, share: Floats) -> Floats:
    if "clock" not in problem.server_partition:
        return share
    return np.where(slices_by_clock(problem)[agents], 1.0, share)
