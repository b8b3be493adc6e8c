"""Cells whose shares are of the band: what is wrong with them, and what is hardly meant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from simran.errors import Fault
from simran.radio import log2_snr
from simran.scenario.compose import Composed
from simran.scenario.resolved import Cell
from simran.scenario.schema import CellSpec

__all__ = ["band_doubts", "band_notes", "check_band"]

Key = tuple[str | int, ...]

#: More than one stream of a real link carries, which ends at about 30 dB [bit/s/Hz].
_MOST = 10.0


def check_band(whole: Composed, path: Key, cell: CellSpec) -> Iterator[Fault]:
    """Yield what is wrong with the band of a cell.

    Parameters
    ----------
    whole : the document
    path : of the cell
    cell : its specification
    """
    if cell.sharing == "time":
        if cell.bandwidth is not None:
            message = "bandwidth belongs to sharing: frequency, not to sharing: time"
            mend = "add sharing: frequency, or leave bandwidth out"
            yield whole.fault((*path, "bandwidth"), message, mend)
        return
    if cell.bandwidth is None:
        message = "sharing: frequency needs bandwidth, the width of the band that is shared"
        yield whole.fault((*path, "sharing"), message, "such as bandwidth: 20 MHz")
    if cell.channel.unlimited:
        message = "sharing: frequency needs a finite rate, found unlimited"
        yield whole.fault(
            (*path, "channel", "rate"), message, "of an unlimited one a part is unlimited"
        )


def band_doubts(whole: Composed, cells: Mapping[str, Cell]) -> Iterator[Fault]:
    """Yield a doubt for each band that would have to carry more than a real one does.

    Parameters
    ----------
    whole : the document
    cells : by name
    """
    for name, cell in cells.items():
        if math.isnan(cell.bandwidth_hz):
            continue
        rate_bps = max(cell.varying.rates) if cell.varying is not None else cell.rate_bps
        if rate_bps > _MOST * cell.bandwidth_hz:
            told = _told(rate_bps, cell.bandwidth_hz)
            mend = f"one stream of a real link carries less than {_MOST:g} bit/s/Hz; check rate and bandwidth"
            yield whole.fault(("network", "cells", name, "bandwidth"), told, mend)


def band_notes(cells: Mapping[str, Cell]) -> Iterator[str]:
    """Yield, for each cell whose shares are of its band, what its rate says of the signal."""
    for name, cell in cells.items():
        if not math.isnan(cell.bandwidth_hz):
            told = _told(cell.rate_bps, cell.bandwidth_hz)
            yield (
                f"cells.{name}: shares are of its band, not of time: {told};"
                " who sends on a part of it sends at the same power, for longer"
            )


def _told(rate_bps: float, bandwidth_hz: float) -> str:
    efficiency = rate_bps / bandwidth_hz
    decibel = 10.0 * math.log10(2.0) * float(log2_snr(efficiency))
    return (
        f"{rate_bps / 1e6:.6g} Mbit/s in {bandwidth_hz / 1e6:.6g} MHz are {efficiency:.3g} bit/s/Hz,"
        f" an SNR of {decibel:.3g} dB"
    )
