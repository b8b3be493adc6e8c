"""One scenario, several times with independent random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from simran.engine import default_folder, run
from simran.errors import OutputError
from simran.results import Result, ResultFolder
from simran.results.statistics import number
from simran.scenario import Scenario

__all__ = ["interval", "run_replications"]

_METRICS: dict[str, Callable[[dict[str, Any]], float | None]] = {
    "mean delay s": lambda group: group["delay_s"]["mean"],
    "p95 delay s": lambda group: group["delay_s"]["p95"],
    "mean energy J": lambda group: group["energy_j"]["mean"],
    "mean distortion": lambda group: group["distortion"]["mean"],
    "violation rate": lambda group: group["violation_rate"],
    "throughput Hz": lambda group: group["throughput_hz"],
}


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % t interval of the mean of independent values; NaN below two."""
    import numpy as np
    from scipy.special import stdtrit

    count = len(values)
    if count < 2:
        return math.nan, math.nan
    centre = float(np.mean(values))
    half = float(stdtrit(count - 1, 0.975)) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return centre - half, centre + half


def run_replications(
    scenario: Scenario,
    replications: int = 1,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Result:
    """Run a scenario and write its result folder; several times if asked.

    With more than one replication the folder holds ``replication-0``, ``replication-1``, … beside a
    summary with means over replications and their 95 % intervals; it shows the first one's tables.

    Parameters
    ----------
    scenario : what to run
    replications : how often, 1 or more
    out : result folder; None for ``results/<name>/<time>-<seed>``
    overwrite : replace an earlier result
    progress : called with the done fraction, in [0, 1]
    """
    path = out if out is not None else default_folder(scenario, scenario.seed)
    if replications == 1:
        return run(scenario, out=path, overwrite=overwrite, progress=progress)
    folder = ResultFolder(path, overwrite)
    try:
        results = list(_runs(scenario, replications, path, progress))
        folder.write("summary.json", _joined(scenario, results))
    except BaseException as error:
        with suppress(OutputError):  # what went wrong first is what to tell
            folder.write(
                "manifest.json", {"status": "failed", "error": f"{type(error).__name__}: {error}"}
            )
        raise
    complete = len(results) == replications and results[-1].manifest["status"] == "complete"
    status = "complete" if complete else "truncated"
    folders = [result.path.name for result in results]
    folder.write(
        "manifest.json", {**results[0].manifest, "status": status, "replications": folders}
    )
    return Result(path)


def _joined(scenario: Scenario, results: Sequence[Result]) -> dict[str, Any]:
    groups = {
        name: _over([result.summary["groups"][name] for result in results])
        for name in scenario.groups
    }
    return {**results[0].summary, "replications": {"count": len(results), "groups": groups}}


def _runs(
    scenario: Scenario, count: int, path: Path, progress: Callable[[float], None] | None
) -> Iterator[Result]:
    for place in range(count):

        def part(fraction: float, place: int = place) -> None:
            if progress is not None:
                progress((place + fraction) / count)

        result = run(scenario, out=path / f"replication-{place}", replication=place, progress=part)
        yield result
        if result.manifest["status"] != "complete":
            return


def _over(groups: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, read in _METRICS.items():
        values = [value for value in map(read, groups) if value is not None]
        low, high = interval(values)
        mean = math.fsum(values) / len(values) if values else math.nan
        found[name] = {
            "mean": number(mean),
            "interval95": [low, high] if math.isfinite(low) else None,
        }
    return found
