"""The numbers of designs whose energy depends on their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simran.allocation.needs import Needs
from simran.allocation.problem import Bools, Floats

__all__ = ["FrontierNeeds"]


@dataclass(frozen=True, eq=False)
class FrontierNeeds(Needs):
    """Designs of K agents some of whom pay for shares with energy; arrays (..., K).

    Designs of agents with stepped clocks stand once for each step of the agent, and those of slices with
    stepped clocks of their own once for each step of the slice, so that each has a convex curve.

    Parameters
    ----------
    quickest_s : least time of computing on the agent, whatever the energy [s]
    kappa : κ of κ t^(1−α), what the agent draws if it computes for t [J s^(α−1)]
    least_j : what the agent draws at least [J]
    own_work, own_in_slice : Q and Q/φ where the server gives no shares [cycle]
    slice_draw : coefficient times Q, for slices with a clock of their own [J/Hz^(α−1)]
    slice_share : the only φ that such a slice can have; NaN for any
    efficiency : (K,) r/W where shares of the cell are of its band [bit/s/Hz]; NaN elsewhere
    transmit_w : (K,) power drawn while sending, where more airtime costs more energy; 0 elsewhere [W]
    slices : (K,) whether a slice of the server has a clock of its own
    top_hz : (K,) highest clock of the server [Hz]
    """

    quickest_s: Floats
    kappa: Floats
    least_j: Floats
    own_work: Floats
    own_in_slice: Floats
    slice_draw: Floats
    slice_share: Floats
    efficiency: Floats
    transmit_w: Floats
    slices: Bools
    top_hz: Floats

    LISTED: ClassVar[tuple[str, ...]] = (
        *Needs.LISTED, "quickest_s", "kappa", "least_j", "own_work", "own_in_slice", "slice_draw",
        "slice_share",
    )  # fmt: skip
    OWN: ClassVar[tuple[str, ...]] = (*Needs.OWN, "efficiency", "transmit_w", "slices", "top_hz")
