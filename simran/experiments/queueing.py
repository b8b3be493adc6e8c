"""Queueing systems with a known answer, as scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simran.engine import run
from simran.experiments.checks import Check, within
from simran.experiments.queue_system import QueueSystem
from simran.results import Result
from simran.scenario import load

__all__ = [
    "QueueCase",
    "check_case",
    "erlang_c",
    "mean_of",
    "queue_cases",
    "sample",
]

_EXPONENTIAL = {"law": "exponential"}


def erlang_c(servers: int, load_erlang: float) -> float:
    """Return the probability that an arrival waits in M/M/c (Erlang's second formula).

    Examples
    --------
    >>> erlang_c(1, 0.7)
    0.7
    """
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load_erlang * blocked / (n + load_erlang * blocked)
    rho = load_erlang / servers
    return blocked / (1.0 - rho + rho * blocked)


@dataclass(frozen=True, slots=True)
class QueueCase:
    """One queueing system.

    Parameters
    ----------
    name : in Kendall's notation
    document : the scenario
    statistic : what is compared, from a finished run
    expected : what theory says
    source : the theorem
    """

    name: str
    document: Mapping[str, Any]
    statistic: Callable[[Result], float]
    expected: float
    source: str


def sample(case: QueueCase, requests: int, seed: int) -> float:
    """Return the statistic of one replication of ``requests`` requests after a tenth of warm-up."""
    document = {**case.document, "requests": requests}
    rate_hz = sum(it.count * it.arrivals.rate_hz for it in load(document).groups.values())
    document["warmup"] = 0.1 * requests / rate_hz
    return case.statistic(run(load(document), seed=seed))


def check_case(case: QueueCase, requests: int, replications: int) -> Check:
    """Return the check of one case over replications that are numbered from 1."""
    values = [sample(case, requests, seed) for seed in range(1, replications + 1)]
    return within(case.name, case.expected, values, case.source)


def queue_cases(rho: float) -> Iterator[QueueCase]:
    """Yield the systems at load ``rho``; all mean service times are 1 s."""
    yield from _single_station(rho)
    yield from _shared(rho)
    yield from _slices(rho)
    yield from _tandem(rho)


def _single_station(rho: float) -> Iterator[QueueCase]:
    sojourn = 1.0 + rho / (1.0 - rho)
    source = "M/M/1"
    yield QueueCase(
        f"M/M/1 server, load {rho:g}: sojourn",
        QueueSystem(rho, _EXPONENTIAL).document(),
        mean_of("server_wait_s", "server_compute_s"),
        sojourn,
        source,
    )
    yield QueueCase(
        f"M/M/1 agent, load {rho:g}: sojourn",
        QueueSystem(rho, _EXPONENTIAL, placement="on-device").document(),
        mean_of("agent_wait_s", "agent_compute_s"),
        sojourn,
        source,
    )
    yield QueueCase(
        f"M/M/1 server, load {rho:g}: number present",
        QueueSystem(rho, _EXPONENTIAL).document(),
        lambda result: float(result.summary["stations"]["server"]["mean_in_system"]),
        rho / (1.0 - rho),
        "Little's law",
    )
    for name, size, cv in (
        ("M/D/1", {"law": "constant"}, 0.0),
        ("M/G/1 (cv 2)", {"law": "gamma", "cv": 2.0}, 2.0),
    ):
        yield QueueCase(
            f"{name} server, load {rho:g}: wait",
            QueueSystem(rho, size).document(),
            mean_of("server_wait_s"),
            rho * (1.0 + cv**2) / (2.0 * (1.0 - rho)),
            "Pollaczek-Khinchine",
        )
    yield QueueCase(
        f"M/M/3 server, load {rho:g}: wait",
        QueueSystem(rho, _EXPONENTIAL, workers=3).document(),
        mean_of("server_wait_s"),
        erlang_c(3, 3 * rho) / (3 * (1.0 - rho)),
        "Erlang C",
    )


def _shared(rho: float) -> Iterator[QueueCase]:
    for name, size in (
        ("M/M/1-PS", _EXPONENTIAL),
        ("M/D/1-PS", {"law": "constant"}),
        ("M/G/1-PS (cv 2)", {"law": "gamma", "cv": 2.0}),
    ):
        source = "processor sharing: s/(1-rho) for every service law"
        yield QueueCase(
            f"{name} server, load {rho:g}: sojourn",
            QueueSystem(rho, size, discipline="ps").document(),
            mean_of("server_compute_s"),
            1.0 / (1.0 - rho),
            source,
        )
        yield QueueCase(
            f"{name} cell, load {rho:g}: sojourn",
            QueueSystem(rho, size, at="cell").document(),
            mean_of("uplink_s"),
            1.0 / (1.0 - rho),
            source,
        )


def _slices(rho: float) -> Iterator[QueueCase]:
    source = "two M/M/1 queues at half the speed"
    yield QueueCase(
        f"two slices of a server, load {rho:g}: sojourn",
        QueueSystem(rho, _EXPONENTIAL, discipline="allocated", agents=2).document(),
        mean_of("server_wait_s", "server_compute_s"),
        2.0 / (1.0 - rho),
        source,
    )
    yield QueueCase(
        f"two shares of a cell, load {rho:g}: sojourn",
        QueueSystem(rho, _EXPONENTIAL, at="cell", scheduler="allocated", agents=2).document(),
        mean_of("uplink_s"),
        2.0 / (1.0 - rho),
        source,
    )


def _tandem(rho: float) -> Iterator[QueueCase]:
    size = {"law": "exponential", "shared": False}
    yield QueueCase(
        f"Jackson tandem, load {rho:g}: sojourn at the second station",
        QueueSystem(rho, size, placement="co-inference").document(),
        mean_of("server_wait_s", "server_compute_s"),
        1.0 / (1.0 - rho),
        "Jackson network",
    )


def mean_of(*columns: str) -> Callable[[Result], float]:
    """Return the mean, over completed requests after warm-up, of a sum of columns."""

    def statistic(result: Result) -> float:
        import pandas as pd

        # Reading all columns would take as long as half the run.
        wanted = ["status", "in_warmup", *columns]
        frame = pd.read_parquet(result.path / "requests.parquet", columns=wanted)
        done = frame[(frame["status"] == "completed") & ~frame["in_warmup"]]
        return float(np.mean(sum(done[column] for column in columns)))

    return statistic
