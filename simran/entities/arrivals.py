"""When an agent's requests arrive, and how large they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["arrival_times", "blocks", "request_sizes"]

_FIRST_BLOCK = 64
_LAST_BLOCK = 1024


def blocks(draw: Callable[[int], NDArray[np.float64]]) -> Iterator[float]:
    """Yield single draws, taken from ``draw(n)`` in blocks that grow.

    NumPy draws a block one after another, so the sequence does not depend on the block length.
    """
    return itertools.chain.from_iterable(draw(length).tolist() for length in _lengths())


def _lengths() -> Iterator[int]:
    length = _FIRST_BLOCK
    while True:
        yield length
        length = min(2 * length, _LAST_BLOCK)


def _sums(draw: Callable[[int], NDArray[np.float64]]) -> Iterator[list[float]]:
    """Yield blocks of running sums, added one after another."""
    last = 0.0
    for length in _lengths():
        gaps = draw(length)
        gaps[0] += last
        times = np.cumsum(gaps).tolist()
        last = times[-1]
        yield times


def arrival_times(
    process: str, rate_hz: float, cv: float, phase_s: float | None, rng: np.random.Generator
) -> Iterator[float]:
    """Yield the arrival times of one agent [s].

    Parameters
    ----------
    process : ``poisson``, ``periodic`` or ``gamma``
    rate_hz : mean arrival rate [Hz]
    cv : coefficient of variation of the gaps (gamma only)
    phase_s : time of the first periodic arrival [s]; None draws it uniformly over a period
    rng : the agent's own stream of arrivals

    Raises
    ------
    ValueError
        if the process is not known
    """
    mean = 1.0 / rate_hz
    if process == "periodic":
        first = rng.uniform(0.0, mean) if phase_s is None else phase_s
        return (first + number * mean for number in itertools.count())
    if process == "poisson":
        times = _sums(lambda n: rng.exponential(mean, n))
    elif process == "gamma":
        shape = 1.0 / cv**2
        times = _sums(lambda n: rng.gamma(shape, mean / shape, n))
    else:
        raise ValueError(f"process must be poisson, periodic or gamma, got {process!r}")
    return itertools.chain.from_iterable(times)


def request_sizes(
    law: str, cv: float, trace: tuple[float, ...], rng: np.random.Generator
) -> Iterator[float]:
    """Yield size factors of mean 1.

    Parameters
    ----------
    law : ``constant``, ``exponential``, ``gamma`` or ``trace``
    cv : coefficient of variation (gamma only)
    trace : the factors, repeated from the start when they run out (trace only)
    rng : the agent's own stream of sizes

    Raises
    ------
    ValueError
        if the law is not known
    """
    if law == "constant":
        return itertools.repeat(1.0)
    if law == "exponential":
        return blocks(lambda n: rng.exponential(1.0, n))
    if law == "gamma":
        shape = 1.0 / cv**2
        return blocks(lambda n: rng.gamma(shape, 1.0 / shape, n))
    if law == "trace":
        return itertools.cycle(trace)
    raise ValueError(f"law must be constant, exponential, gamma or trace, got {law!r}")
