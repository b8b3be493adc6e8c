"""One scenario, several times with independent random numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any

from simran.engine import RunInterrupted, default_folder, refuse_options, run
from simran.errors import RunError, StorageError
from simran.experiments.parallel import run_side_by_side, workers
from simran.results import Result, ResultFolder, worst
from simran.results.statistics import number
from simran.scenario import Scenario

__all__ = ["interval", "run_replications"]

Progress = Callable[[float], None]

_METRICS: dict[str, Callable[[dict[str, Any]], float | None]] = {
    "mean delay s": lambda group: group["delay_s"]["mean"],
    "p95 delay s": lambda group: group["delay_s"]["p95"],
    "mean energy J": lambda group: group["energy_j"]["mean"],
    "mean distortion": lambda group: group["distortion"]["mean"],
    "violation rate": lambda group: group["violation_rate"],
    "throughput Hz": lambda group: group["throughput_hz"],
}


def interval(values: Sequence[float], error: float = 0.05) -> tuple[float, float]:
    """Return the t interval of the mean of independent values, of 95 % unless told; NaN below two.

    Parameters
    ----------
    values : of the replications
    error : probability that the interval misses the mean
    """
    import numpy as np
    from scipy.special import stdtrit

    count = len(values)
    if count < 2:
        return math.nan, math.nan
    centre = float(np.mean(values))
    half = (
        float(stdtrit(count - 1, 1.0 - error / 2))
        * float(np.std(values, ddof=1))
        / math.sqrt(count)
    )
    return centre - half, centre + half


def rate_interval(
    rates: Sequence[float], low: float, high: float, judged: int, error: float = 0.05
) -> tuple[float, float]:
    """Return the interval of a rate, which lies in [0, 1] and is never known exactly.

    Where no replication saw a violation, or every one nothing else, the t interval has no width; the
    bound of Clopper and Pearson for that, ``1 − 0.05^(1/n)`` at 95 %, takes its place.

    Parameters
    ----------
    rates : of the replications
    low, high : the t interval
    judged : n, number of requests judged in all
    error : probability that the interval misses the rate
    """
    bound = 1.0 - error ** (1.0 / judged) if judged else 1.0
    if max(rates) == 0.0:
        return 0.0, bound
    if min(rates) == 1.0:
        return 1.0 - bound, 1.0
    return max(0.0, low), min(1.0, high)


def run_replications(
    scenario: Scenario,
    replications: int = 1,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> Result:
    """Run a scenario and write its result folder; several times, side by side, if asked.

    With more than one replication the folder holds ``replication-0``, ``replication-1``, … beside a
    summary with means over replications and their 95 % intervals; it shows the first one's tables.
    The figures do not depend on the executor.

    Parameters
    ----------
    scenario : what to run
    replications : how often, 1 or more
    out : result folder; None for ``results/<name>/<time>-<seed>``
    overwrite : replace an earlier result
    progress : called with the done fraction, in [0, 1]
    executor : runs the replications; None for one process per core, at most one per replication
    """
    path = out if out is not None else default_folder(scenario, scenario.seed)
    if replications == 1:
        return run(scenario, out=path, overwrite=overwrite, progress=progress)
    refuse_options(scenario, overwrite)
    folder = ResultFolder(path, overwrite)
    try:
        with workers(executor, replications) as pool:
            folders = _run_all(scenario, replications, path, pool, progress)
        results = [Result.open(it) for it in folders]
        if not results:
            raise RunError("no replication had begun when the run was interrupted")
        _refuse_other_code(results)
        folder.write("summary.json", _joined(scenario, results, replications))
    except BaseException as error:
        with suppress(StorageError):  # what went wrong first is what to tell
            folder.write(
                "manifest.json", {"status": "failed", "error": f"{type(error).__name__}: {error}"}
            )
        raise
    whole = [result.manifest["status"] == "complete" for result in results]
    status = "complete" if len(results) == replications and all(whole) else "truncated"
    names = [result.path.name for result in results]
    folder.write("manifest.json", {**results[0].manifest, "status": status, "replications": names})
    if status != "complete":
        raise RunInterrupted("interrupted", Result(path))
    return Result(path)


def _refuse_other_code(results: Sequence[Result]) -> None:
    """Raise if the file of the allocator changed while the replications were under way."""
    origins = [result.manifest["allocator"] for result in results]
    if any(origin != origins[0] for origin in origins):
        where = origins[0].get("file", origins[0]["class"])
        raise RunError(
            f"the allocator's code in {where} changed while replications were under way, and not all ran"
            " the same; run them again"
        )


def _replicate(scenario: Scenario, path: Path, place: int) -> Path:
    try:
        return run(scenario, out=path / f"replication-{place}", replication=place).path
    except RunInterrupted as stopped:
        return stopped.result.path


def _run_all(
    scenario: Scenario, count: int, path: Path, pool: Executor, progress: Progress | None
) -> list[Path]:
    """Return the folders of the replications that have ended, in their order."""
    done = itertools.count(1)

    def ended(place: int, folder: Path) -> None:
        if progress is not None:
            progress(next(done) / count)

    jobs = [(scenario, path, place) for place in range(count)]
    folders, _ = run_side_by_side(_replicate, jobs, pool, ended)
    return [folder for folder in folders if folder is not None]


def _joined(scenario: Scenario, results: Sequence[Result], asked: int) -> dict[str, Any]:
    # Replications that were cut short at different times are no sample of one thing.
    whole = [result for result in results if result.manifest["status"] == "complete"]
    results = whole or results[:1]
    groups = {
        name: _over([result.summary["groups"][name] for result in results])
        for name in scenario.groups
    }
    verdicts = [str(result.summary["verdict"]) for result in results]
    counted = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    over = {"count": len(results), "asked": asked, "verdicts": counted, "groups": groups}
    return {**results[0].summary, "verdict": worst(verdicts), "replications": over}


def _over(groups: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, read in _METRICS.items():
        values = [value for value in map(read, groups) if value is not None]
        low, high = interval(values)
        if name == "violation rate" and math.isfinite(low):
            judged = sum(group["violations"]["judged"] for group in groups)
            low, high = rate_interval(values, low, high, judged)
        mean = math.fsum(values) / len(values) if values else math.nan
        found[name] = {
            "mean": number(mean),
            "interval95": [low, high] if math.isfinite(low) else None,
        }
    return found
