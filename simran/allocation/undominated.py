"""Designs that no other design of the same table is at least as good as in every respect."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simran.allocation.candidates import Candidates
from simran.allocation.problem import Bools
from simran.allocation.stages import offloads

__all__ = ["undominated"]


def undominated(given: Candidates) -> Bools:
    """Return (C, B) the designs worth looking at, whatever the agent, its shares and its clocks.

    One is left out if another distorts no more, computes and sends no more on either side, needs no
    more memory, has at least its quality, and goes through no station that it does not go through;
    of equals the first stays. What it costs in time and energy then is no less for any agent.
    """
    table, cuts = given.table, given.cuts
    shape = given.objective.shape
    bits = given.bits
    here = given.runs_here

    def per_cut(values: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.broadcast_to(np.asarray(values, dtype=float)[:, None], shape)

    sends = offloads(table)[cuts]
    remote = sends.astype(float)
    quality = np.where(np.isnan(given.quality), -np.inf, given.quality)
    columns = np.stack(
        [
            given.objective,
            table.agent_flops[cuts][:, None] * bits,
            table.agent_weight_bytes_per_bit[cuts][:, None] * bits
            + table.agent_mask_bytes[cuts][:, None],
            per_cut(table.server_flops[cuts] * remote),
            per_cut(table.server_weight_bytes[cuts] * remote),
            per_cut(table.uplink_bits[cuts] * remote),
            per_cut(table.downlink_bits[cuts] * remote),
            per_cut(sends),
            per_cut(np.array([table.placement[cut] != "on-server" for cut in cuts])),
            np.broadcast_to(-quality, shape),
        ]
    ).reshape(10, -1)
    exists = (here[:, None] | (np.arange(len(bits)) == 0)).ravel()
    kept = exists.copy()
    for index in np.flatnonzero(exists):
        below = np.logical_and.reduce(columns <= columns[:, [index]], axis=0) & exists
        same = np.logical_and.reduce(columns == columns[:, [index]], axis=0)
        below &= ~same | (np.arange(len(below)) < index)
        kept[index] = not below.any()
    chosen: Bools = kept.reshape(shape)
    return chosen
