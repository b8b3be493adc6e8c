"""Cells whose shares are of the band, against the product form and the integral of what a part carries."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from simran.experiments.queue_system import QueueSystem
from simran.experiments.queueing import QueueCase, mean_of
from simran.results import Result

__all__ = ["band_cases", "band_document", "flows_in_band"]

_EXPONENTIAL = {"law": "exponential"}
_SIZES = (
    ("exponential", _EXPONENTIAL),
    ("constant", {"law": "constant"}),
    ("gamma, cv 2", {"law": "gamma", "cv": 2.0}),
)
_EFFICIENCY = 5.0
_LOAD, _OVERLOAD = 0.8, 1.3
_SOURCE = "product form of a symmetric queue with speeds log(1 + n s)/log(1 + s)"


def flows_in_band(load: float, efficiency: float) -> tuple[float, float]:
    """Return the mean number of flows that share a band equally, and the part of the time without any.

    The number rises by one at rate ρ and falls by one at ``log(1 + n s)/log(1 + s)`` in units of 1 over the
    mean time that a flow takes alone, so probabilities follow from one another; the same for every law of
    the sizes. The sum ends where what follows is too small to count.

    Parameters
    ----------
    load : ρ, mean time that a flow takes alone × rate of arrivals
    efficiency : x, of which s = 2^x − 1 is the SNR [bit/s/Hz]

    Examples
    --------
    >>> mean, none = flows_in_band(0.5, 1000.0)  # like M/M/1
    >>> round(mean, 2), round(none, 2)
    (1.0, 0.5)
    """
    signal = 2.0**efficiency - 1.0
    chance, total, flows, number = 1.0, 1.0, 0.0, 0
    while chance > 1e-16 * total or number < load * efficiency:
        number += 1
        chance *= load * math.log1p(signal) / math.log1p(number * signal)
        total += chance
        flows += number * chance
    return flows / total, 1.0 / total


def band_document(load: float, size: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a scenario whose cell takes 1 s for a flow alone, at 1000 bit/s in a band of 200 Hz.

    Parameters
    ----------
    load : of the cell
    size : of requests, as in the scenario language
    changes : as of :class:`QueueSystem`
    """
    document = QueueSystem(load, size, at="cell", **changes).document()
    cell = document["network"]["cells"]["cell"]
    cell |= {"sharing": "frequency", "bandwidth": 1000.0 / _EFFICIENCY}
    return document


def band_cases() -> Iterator[QueueCase]:
    """Yield the cells whose band is shared equally, and one that is allocated."""
    flows, none = flows_in_band(_LOAD, _EFFICIENCY)
    name = f"band: shared equally, offered {_LOAD:g}"
    for law, size in _SIZES:
        document = band_document(_LOAD, size)
        expected = flows / _LOAD
        yield QueueCase(f"{name}: sojourn, {law}", document, mean_of("uplink_s"), expected, _SOURCE)
    plain = band_document(_LOAD, _EXPONENTIAL)
    yield QueueCase(
        f"{name}: part of the time in use", plain, _of_cell("utilisation"), 1.0 - none, _SOURCE
    )
    yield QueueCase(f"{name}: number present", plain, _of_cell("mean_in_system"), flows, _SOURCE)
    yield QueueCase(
        f"{name}: energy of sending at 1 W",
        plain,
        mean_of("transmit_j"),
        flows / _LOAD,
        "power × sojourn",
    )
    flows, _ = flows_in_band(_OVERLOAD, _EFFICIENCY)
    yield QueueCase(
        f"band: shared equally, offered {_OVERLOAD:g}: sojourn, exponential",
        band_document(_OVERLOAD, _EXPONENTIAL),
        mean_of("uplink_s"),
        flows / _OVERLOAD,
        _SOURCE,
    )
    signal = 2.0**_EFFICIENCY - 1.0
    half = 0.5 * math.log1p(2.0 * signal) / math.log1p(signal)
    yield QueueCase(
        f"band: two halves, offered {_LOAD:g}: sojourn",
        band_document(_LOAD, _EXPONENTIAL, scheduler="allocated", agents=2),
        mean_of("uplink_s"),
        1.0 / (half - _LOAD / 2.0),
        "two M/M/1 queues at the rate of half the band",
    )


def _of_cell(figure: str) -> Any:
    def statistic(result: Result) -> float:
        return float(result.summary["stations"]["cell"][figure])

    return statistic
