"""What an allocator is told, and what it answers: plain arrays in SI units.

One row per agent. ``K`` agents, ``C`` cuts of a model (a placement and a split point), ``B``
candidate bit-widths, ``F`` clock steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from simran.allocation.arrays import Bools, Floats, Ints
from simran.allocation.state import ControlState

__all__ = ["Allocation", "Bools", "ClockSet", "CutTable", "Floats", "Ints", "Problem"]


@dataclass(frozen=True)
class ClockSet:
    """The clocks that each agent's (or its server's) processor can take.

    Parameters
    ----------
    f_max_hz : (K,) highest clock [Hz]
    flops_per_cycle : (K,) c [FLOP/cycle]
    dynamic : (K,) ψ [W/Hz^α]; unused where the table gives the power
    exponent : (K,) α
    pue : (K,) η
    table_hz : (K, F) ascending clock steps padded with NaN [Hz]; a row of NaN means continuous
    table_w : (K, F) dynamic power at each step, without η [W]
    """

    f_max_hz: Floats
    flops_per_cycle: Floats
    dynamic: Floats
    exponent: Floats
    pue: Floats
    table_hz: Floats
    table_w: Floats


@dataclass(frozen=True)
class CutTable:
    """The cuts of one model that one group of agents may use, and what each costs.

    A cut is a placement and a split point, with a pruning ratio and a number of bits of the features
    where the model offers several.

    Parameters
    ----------
    placement, split : (C,) names; the split is the last block on the agent, ``""`` for on-server
    pruning_ratio : (C,) ρ, share of the agent's weights that is set to 0
    feature_bits : (C,) bits of an element of the features that are sent; NaN where none are
    allowed : (C,) whether the scenario permits this cut; on-device cuts are always listed
    agent_flops, server_flops : (C,) N and Ñ at the reference bit-width [FLOP]
    uplink_bits, downlink_bits : (C,) S and the answer [bit]
    agent_weight_bytes_per_bit : (C,) bytes of weights on the agent per bit of width [B/bit]
    agent_mask_bytes : (C,) bytes that say which weights are pruned [B]
    server_weight_bytes : (C,) bytes of weights on the server [B]
    bits : (B,) ascending candidate bit-widths [bit]
    reference_bits : b_ref; at that width weights are unquantized [bit]
    distortion, lower, upper : (C, B) expected distortion and its bounds; 0 for on-server
    reference_distortion : (C,) of unquantized weights: what pruning and the features cost
    quality : (C, B) measured quality or NaN
    reference_quality : (C,) quality unquantized or NaN
    """

    placement: tuple[str, ...]
    split: tuple[str, ...]
    pruning_ratio: Floats
    feature_bits: Floats
    allowed: Bools
    agent_flops: Floats
    server_flops: Floats
    uplink_bits: Floats
    downlink_bits: Floats
    agent_weight_bytes_per_bit: Floats
    agent_mask_bytes: Floats
    server_weight_bytes: Floats
    bits: Ints
    reference_bits: float
    distortion: Floats
    lower: Floats
    upper: Floats
    reference_distortion: Floats
    quality: Floats
    reference_quality: Floats

    def described(self, cut: int) -> str:
        """Return a cut in words: its placement or split, and what is particular of it."""
        where = self.placement[cut]
        named = f"split after {self.split[cut]}" if where == "co-inference" else where
        return ", ".join(filter(None, (named, self.variant(cut))))

    def variant(self, cut: int) -> str:
        """Return what a cut prunes and how it sends, empty where the model offers one way."""
        words = []
        if self.pruning_ratio[cut]:
            words.append(f"{self.pruning_ratio[cut] * 100:.3g} % pruned")
        sent = self.feature_bits[self._like(cut)]
        if np.any(sent != sent[0]) and not np.isnan(sent).any():
            words.append(f"{self.feature_bits[cut]:g}-bit features")
        return ", ".join(words)

    def _like(self, cut: int) -> Bools:
        """Return (C,) the cuts of the same placement and split."""
        pairs = list(zip(self.placement, self.split, strict=True))
        return np.array([pair == pairs[cut] for pair in pairs])


@dataclass(frozen=True)
class Problem:
    """The design problem of all agents at one moment, as the controller has observed it.

    Parameters
    ----------
    agents : K names
    groups : K group names
    tables : the cut tables; ``table_index`` (K,) says which one an agent uses
    agent_clock, server_clock : (K,) sets of clocks
    agent_memory_bytes, server_memory_bytes : (K,) room for weights [B]; inf for unlimited
    size, uplink_size, server_size : (K,) size factors of the agent, uplink and server work
    rate_bps : (K,) rate with the whole cell [bit/s], as reported; inf takes no time and no energy
    bandwidth_hz : (K,) W, width of the band of the agent's cell [Hz]; NaN where shares are of time
    transmit_w : (K,) power drawn while sending [W]
    link_s_per_bit, link_delay_s : (K,) transport from cell to server, one way and idle [s/bit, s]
    agent_wait_s, uplink_wait_s, server_wait_s : (K,) waits observed [s]
    decision_s : (K,) time that the decision itself takes [s]
    arrival_rate_hz : (K,) mean rate of an agent's requests [Hz]; 0 where it is not known
    arrival_scv, size_scv : (K,) squared coefficients of variation of gaps and of sizes
    delay_budget_s, energy_budget_j : (K,) T0 [s], E0 [J]; inf for none
    quality_floor : (K,) least quality that a design may have; -inf for none
    weight : (K,) w_k
    cell_index, server_index : (K,) which cell and server an agent uses
    cell_scheduler, cell_sharing, cell_agents : per cell; the last how many agents it has, with
        those that this problem is not about
    server_discipline, server_partition, server_agents, server_workers : per server, likewise
    headroom : part of the delay budget kept for queues
    select : ``min-energy`` or ``min-delay``
    on_violation : (K,) names
    state : what the controller knows of the moment: queues, what was spent, the design in force
    """

    agents: tuple[str, ...]
    groups: tuple[str, ...]
    tables: tuple[CutTable, ...]
    table_index: Ints
    agent_clock: ClockSet
    server_clock: ClockSet
    agent_memory_bytes: Floats
    server_memory_bytes: Floats
    size: Floats
    uplink_size: Floats
    server_size: Floats
    rate_bps: Floats
    bandwidth_hz: Floats
    transmit_w: Floats
    link_s_per_bit: Floats
    link_delay_s: Floats
    agent_wait_s: Floats
    uplink_wait_s: Floats
    server_wait_s: Floats
    decision_s: Floats
    arrival_rate_hz: Floats
    arrival_scv: Floats
    size_scv: Floats
    delay_budget_s: Floats
    energy_budget_j: Floats
    quality_floor: Floats
    weight: Floats
    cell_index: Ints
    server_index: Ints
    cell_scheduler: tuple[str, ...]
    cell_sharing: tuple[str, ...]
    cell_agents: tuple[int, ...]
    server_discipline: tuple[str, ...]
    server_partition: tuple[str, ...]
    server_agents: tuple[int, ...]
    server_workers: tuple[int, ...]
    headroom: float
    select: str
    on_violation: tuple[str, ...]
    state: ControlState

    @property
    def planning_budget_s(self) -> Floats:
        """(K,) what is left of T0 for work: T0·(1 − headroom) less waits and decision time [s].

        The queue at the agent moves on while the decision is made, so the longer of both counts.
        """
        here = np.maximum(self.agent_wait_s, self.decision_s)
        waits = here + self.uplink_wait_s + self.server_wait_s
        budget: Floats = self.delay_budget_s * (1.0 - self.headroom) - waits
        return budget

    def select_agents(self, rows: Ints) -> Problem:
        """Return the problem of some agents, in the order of ``rows``."""
        names = {
            name: tuple(getattr(self, name)[row] for row in rows.tolist())
            for name in ("agents", "groups", "on_violation")
        }
        clocks = {
            name: ClockSet(**_rows(getattr(self, name), rows))
            for name in ("agent_clock", "server_clock")
        }
        changes: dict[str, Any] = {**_rows(self, rows), **names, **clocks}
        changes["state"] = self.state.select_agents(rows)
        return replace(self, **changes)


def _rows(record: ClockSet | Problem, rows: Ints) -> dict[str, Any]:
    values = {f.name: getattr(record, f.name) for f in fields(record)}
    return {name: value[rows] for name, value in values.items() if isinstance(value, np.ndarray)}


@dataclass(frozen=True)
class Allocation:
    """A design for every agent.

    Parameters
    ----------
    allocator : name of who decided
    cut : (K,) row of the agent's cut table; −1 refuses its requests
    weight_bits : (K,) bit-width of the agent's weights; 0 where nothing runs on the agent
    agent_frequency_hz, server_frequency_hz : (K,) clocks [Hz]; NaN where nothing runs
    bandwidth_share, server_share : (K,) β and φ; NaN leaves equal shares
    feasible : (K,) whether the allocator found a design within both budgets; whether that also
        reaches the quality floor is judged anew by :func:`simran.allocation.evaluate`
    binding : (K,) what stops a better one: ``none``, ``bits``, ``memory``, ``quality``, ``delay``,
        ``energy``, ``delay+energy``
    fallback : (K,) what was done where nothing was feasible: ``""``, ``degrade``, ``drop``,
        ``fallback-on-device`` or ``failed`` (no weights fit)
    """

    allocator: str
    cut: Ints
    weight_bits: Ints
    agent_frequency_hz: Floats
    server_frequency_hz: Floats
    bandwidth_share: Floats
    server_share: Floats
    feasible: Bools
    binding: tuple[str, ...]
    fallback: tuple[str, ...] = field(default=())
