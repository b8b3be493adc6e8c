"""Rates that vary, against theory: queues in a random environment, and integrals of rates."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simran.engine import run
from simran.experiments.checks import Check
from simran.experiments.queue_system import QueueSystem
from simran.experiments.queueing import QueueCase, mean_of
from simran.results import Result
from simran.scenario import load

__all__ = ["inverse_integral", "modulated_cases", "rate_checks", "stationary"]

Floats = NDArray[np.float64]

_EXPONENTIAL = {"law": "exponential"}
_SOURCE = "M/M/1 in a random environment, by Neuts' matrix-geometric solution"

#: Steps of a rate: when each begins [s], rates, and when they begin anew [s]; the integral of a period is 20.
_STARTS, _RATES, _PERIOD = (0.0, 5.0, 8.0), (1.0, 4.0, 0.25), 20.0
_PERIODS = 40


def stationary(
    arrival_hz: ArrayLike, service_hz: ArrayLike, dwell_s: ArrayLike
) -> tuple[float, float]:
    """Return the mean number of jobs in an M/M/1 queue whose rates vary, and the time without any.

    The rates follow states in turn, each for an exponential time. The number of jobs and the state are a
    quasi-birth-death process, so the probabilities of n jobs are π_0 R^n, with the least solution R of
    ``A_0 + R A_1 + R² A_2 = 0`` (Neuts 1981). Whether jobs take turns or share equally, their number is
    the same.

    Parameters
    ----------
    arrival_hz, service_hz : (S,) rates in each state [1/s]; a scalar for the same in all
    dwell_s : (S,) mean times in each state [s]

    Returns
    -------
    mean number, and the part of the time without a job

    Raises
    ------
    ValueError
        if more jobs come than can be served

    Examples
    --------
    >>> mean, none = stationary(0.5, [1.0, 1.0], [3.0, 4.0])
    >>> round(mean, 9), round(none, 9)
    (1.0, 0.5)
    """
    dwell = np.asarray(dwell_s, dtype=float)
    arrivals, services = (
        np.diag(np.broadcast_to(it, dwell.shape)) for it in (arrival_hz, service_hz)
    )
    share = dwell / dwell.sum()
    if share @ np.diag(arrivals) >= share @ np.diag(services):
        raise ValueError("arrival_hz must be less than service_hz in the mean over time")
    switching = np.diag(1.0 / dwell) @ (np.roll(np.eye(len(dwell)), 1, axis=1) - np.eye(len(dwell)))
    ratio = _ratio(arrivals, switching - arrivals - services, services)
    rest = np.linalg.inv(np.eye(len(dwell)) - ratio)
    empty = np.vstack([(switching - arrivals + ratio @ services).T, rest.sum(axis=1)])
    none, *_ = np.linalg.lstsq(empty, np.append(np.zeros(len(dwell)), 1.0), rcond=None)
    return float((none @ ratio @ rest @ rest).sum()), float(none.sum())


def _ratio(up: Floats, level: Floats, down: Floats) -> Floats:
    """Return R by logarithmic reduction of G, the states in which one job fewer is first seen (Latouche)."""
    inverse = np.linalg.inv(-level)
    rise, fall = inverse @ up, inverse @ down
    first, product = fall.copy(), rise.copy()
    while np.abs(1.0 - first.sum(axis=1)).max() > 1e-14 and product.max() > 1e-300:
        both = np.linalg.inv(np.eye(len(up)) - rise @ fall - fall @ rise)
        rise, fall = both @ rise @ rise, both @ fall @ fall
        first += product @ fall
        product = product @ rise
    found: Floats = up @ np.linalg.inv(-level - up @ first)
    return found


def modulated_cases() -> Iterator[QueueCase]:
    """Yield queues whose rates vary by states; service at a constant rate takes 1 s on average."""
    cell = QueueSystem(0.6, _EXPONENTIAL, at="cell").document()
    rates, dwell = (1.5, 0.5), (20.0, 20.0)
    states = [
        {"rate": 1000.0 * rate, "dwell": time} for rate, time in zip(rates, dwell, strict=True)
    ]
    cell["network"]["cells"]["cell"]["channel"] = {"states": states, "shared": True}
    number, none = stationary(0.6, rates, dwell)
    name = "varying rates: a cell of 1.5 and 0.5 jobs/s, 20 s each, 0.6 come"
    yield QueueCase(f"{name}: sojourn", cell, mean_of("uplink_s"), number / 0.6, _SOURCE)
    yield QueueCase(f"{name}: part of the time in use", cell, _in_use, 1.0 - none, _SOURCE)
    server = QueueSystem(0.6, _EXPONENTIAL).document()
    coming, dwell = (0.2, 1.2), (6.0, 4.0)
    server["agents"]["source"]["arrivals"] = {
        "process": "poisson",
        "states": [{"rate": rate, "dwell": time} for rate, time in zip(coming, dwell, strict=True)],
    }
    number, _ = stationary(coming, (1.0, 1.0), dwell)
    name = "varying rates: a server to which 0.2 and 1.2 jobs/s come, 6 s and 4 s"
    both = mean_of("server_wait_s", "server_compute_s")
    yield QueueCase(f"{name}: sojourn", server, both, number / 0.6, _SOURCE)


def _in_use(result: Result) -> float:
    return float(result.summary["stations"]["cell"]["utilisation"])


def inverse_integral(
    amount: Floats, starts_s: Sequence[float], rates: Sequence[float], period_s: float
) -> Floats:
    """Return when the integral of a rate in steps reaches given amounts, by its corners.

    Parameters
    ----------
    amount : (n,) at least 0
    starts_s : (S,) when each step begins [s], the first at 0
    rates : (S,) of each step, above 0
    period_s : when the steps begin anew [s]

    Examples
    --------
    >>> inverse_integral(np.array([1.0, 5.0]), (0.0, 2.0), (1.0, 3.0), 4.0).tolist()
    [1.0, 3.0]
    """
    lengths = np.diff([*starts_s, period_s])
    corners = np.concatenate([[0.0], np.cumsum(lengths * rates)])
    whole, rest = np.divmod(amount, corners[-1])
    found: Floats = whole * period_s + np.interp(rest, corners, [*starts_s, period_s])
    return found


def rate_checks() -> list[Check]:
    """Return what follows from integrals of rates alone, without any sampling error."""
    return [*_arrivals(), _uploads()]


def _arrivals() -> Iterator[Check]:
    document = QueueSystem(0.5, {"law": "constant"}).document()
    steps = [{"at": at, "rate": rate} for at, rate in zip(_STARTS, _RATES, strict=True)]
    document["agents"]["source"]["arrivals"] = {
        "process": "periodic", "phase": 0, "rate": {"schedule": steps, "period": _PERIOD}
    }  # fmt: skip
    document["duration"] = _PERIODS * _PERIOD - 1e-6  # without the first of the next period
    result = run(load(document))
    came = np.sort(result.requests["arrival_s"].to_numpy())
    each = float(np.diff([*_STARTS, _PERIOD]) @ _RATES)
    source = "the integral of the rate"
    name = "varying rates: periodic arrivals of a schedule"
    yield Check(f"{name}: number", each * _PERIODS, float(len(came)), 0.0, source)
    due = inverse_integral(np.arange(len(came), dtype=float), _STARTS, _RATES, _PERIOD)
    yield Check(
        f"{name}: time of every one [s]", 0.0, float(np.abs(came - due).max()), 1e-9, source
    )
    offered = float(result.summary["stations"]["server"]["offered_load"])
    yield Check(f"{name}: offered load", each / _PERIOD, offered, 1e-8, source)


def _uploads() -> Check:
    """Compare the end of every upload with when the integral of the traced rate has grown by its bits."""
    document = QueueSystem(0.0625, {"law": "gamma", "cv": 0.3}, at="cell").document()
    # No multiple of the period, so that uploads begin everywhere in it, and one at a time.
    document["agents"]["source"]["arrivals"] = {"process": "periodic", "rate": 1 / 16.3, "phase": 0}
    document["requests"] = 1000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rates.csv"
        rows = [f"{at!r},{1000.0 * rate!r}" for at, rate in zip(_STARTS, _RATES, strict=True)]
        file.write_text("\n".join(["time,rate", *rows, ""]), encoding="utf-8")
        trace: dict[str, Any] = {
            "file": str(file),
            "time": "time",
            "rate": "rate",
            "period": _PERIOD,
        }
        document["network"]["cells"]["cell"]["channel"] = {"trace": trace}
        log = run(load(document)).requests
    log = log[log["status"] == "completed"]
    bits, rates = log["uplink_bits"].to_numpy(), [1000.0 * rate for rate in _RATES]
    sent = _integral(log["uplink_start_s"].to_numpy(), rates)
    due = inverse_integral(sent + bits, _STARTS, rates, _PERIOD)
    worst = float(np.abs(log["uplink_end_s"].to_numpy() - due).max())
    name = "varying rates: uploads along a trace: end of every one [s]"
    return Check(name, 0.0, worst, 1e-9, "the integral of the rate")


def _integral(time_s: Floats, rates: Sequence[float]) -> Floats:
    lengths = np.diff([*_STARTS, _PERIOD])
    corners = np.concatenate([[0.0], np.cumsum(lengths * rates)])
    whole, rest = np.divmod(time_s, _PERIOD)
    found: Floats = whole * corners[-1] + np.interp(rest, [*_STARTS, _PERIOD], corners)
    return found
