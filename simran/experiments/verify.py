"""Checking an installation against theory."""

from __future__ import annotations

from collections.abc import Callable

from simran.engine import run
from simran.experiments.checks import Check
from simran.experiments.closed_forms import distortion_checks, energy_checks, paper_checks
from simran.experiments.queueing import check_case, queue_cases
from simran.experiments.recursions import recursion_checks
from simran.experiments.shared_band import band_cases
from simran.experiments.varying_rates import modulated_cases, rate_checks
from simran.scenario import load

__all__ = ["verify"]

#: Loads, requests per replication and replications, fixed beforehand.
_LOADS = (0.5, 0.8)
_REQUESTS = 5000
_REPLICATIONS = 10


def verify(progress: Callable[[float], None] | None = None) -> list[Check]:
    """Return every check of this installation: closed forms, distortion, queues, conservation.

    Parameters
    ----------
    progress : called with the done fraction, in [0, 1]
    """
    report = progress or (lambda fraction: None)
    checks = [*paper_checks(), *energy_checks(), *distortion_checks(), *recursion_checks()]
    checks += rate_checks()
    cases = [
        *(case for rho in _LOADS for case in queue_cases(rho)),
        *modulated_cases(),
        *band_cases(),
    ]
    for place, case in enumerate(cases):
        report((place + 1) / (len(cases) + 1))
        checks.append(check_case(case, _REQUESTS, _REPLICATIONS))
    return [*checks, *_conservation()]


def _conservation() -> list[Check]:
    found = []
    for name in ("paper_blip2_coco", "warehouse_contention"):
        for invariant in run(load(name)).summary["invariants"]:
            text = f"{name}: {invariant['name']}"
            found.append(Check(text, 1.0, float(invariant["held"]), 0.0, invariant["detail"]))
    return found
