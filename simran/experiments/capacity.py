"""How much a system carries: the largest value of one key at which a target is met."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simran.errors import InputError, ScenarioError, hint, shown
from simran.experiments.bracketing import Point, bracket, capacity_of
from simran.experiments.parallel import workers
from simran.experiments.sequential import Target, error_of, judge, looks
from simran.experiments.study_folder import Place, StudyFolder, write_frame
from simran.experiments.study_runs import Told, complete
from simran.experiments.variants import Variant, read_variants, scenario_of
from simran.results import CAPACITY_COLUMNS
from simran.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Capacity", "Vary", "capacity"]

_NUMBER = re.compile(r"\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


@dataclass(frozen=True, slots=True)
class Vary:
    """The key that is varied, in the unit in which the scenario gives it.

    Parameters
    ----------
    path : such as ``agents.inspector.count``
    start : its value in the scenario
    unit : ``""`` for a number without one
    whole : whether it is a whole number
    """

    path: str
    start: float
    unit: str
    whole: bool

    @classmethod
    def of(cls, scenario: Scenario, path: str) -> Vary:
        """Find a key of a scenario.

        Raises
        ------
        InputError
            if there is no such key, or it holds no number above 0, or is the seed
        """
        from simran.catalog import key_path

        if path == "seed":
            raise InputError("--vary seed: a seed is no load; --seed sets it for all runs")
        data: Any = scenario.document
        for key in key_path(path):
            try:
                data = data[key]
            except (KeyError, IndexError, TypeError):
                known = f"; {hint(str(key), data)}" if isinstance(data, Mapping) else ""
                raise InputError(
                    f"--vary {path}: the scenario has no key {key!r} there{known}"
                ) from None
        found = _NUMBER.fullmatch(str(data)) if not isinstance(data, bool) else None
        if found is None or not float(found[1]) > 0.0 or found[2].startswith("dB"):
            raise InputError(
                f"--vary {path}: expected a number above 0 to scale, found {shown(data)}"
            )
        start, unit = float(found[1]), found[2]
        whole = start.is_integer() and not unit and not _takes(scenario, f"{path}={start + 0.5!r}")
        return cls(path, start, unit, whole)

    def override(self, value: float) -> str:
        """Return what sets it."""
        return f"{self.path}={int(value) if self.whole else repr(value)} {self.unit}".rstrip()


def _takes(scenario: Scenario, change: str) -> bool:
    from simran.scenario import load

    try:
        load(scenario.document, [change])
    except ScenarioError:
        return False
    return True


class Capacity:
    """What a search for capacity has found.

    Parameters
    ----------
    scenario, vary, target : what was asked
    points : tried, by label, in their order
    path : the folder, or None
    """

    def __init__(
        self,
        scenario: Scenario,
        vary: Vary,
        target: Target,
        points: dict[str, list[Point]],
        path: Path | None = None,
    ) -> None:
        self._scenario = scenario
        self._vary = vary
        self._target = target
        self._points = points
        self.path = path

    def frame(self) -> pd.DataFrame:
        """Return one row for each point and allocator."""
        import pandas as pd

        rows = [
            {
                "allocator": label,
                "value": float(point.value),
                "met": point.met,
                "sure": point.sure,
                "mean": point.found["mean"],
                "low": (point.found["interval"] or [None])[0],
                "high": (point.found["interval"] or [None, None])[1],
                "replications": point.found["replications"],
                "overloaded": point.found["overloaded"],
            }
            for label, points in self._points.items()
            for point in points
        ]
        return pd.DataFrame(rows).astype({"mean": float, "low": float, "high": float})

    def summary(self) -> dict[str, Any]:
        """Return what ``capacity.json`` holds."""
        return {
            "scenario": self._scenario.name,
            "seed": self._scenario.seed,
            "vary": self._vary.path,
            "unit": self._vary.unit,
            "whole": self._vary.whole,
            "target": str(self._target),
            "metric": self._target.metric,
            "bound": self._target.bound,
            "confidence": 0.95,
            "allocators": {
                label: {
                    **capacity_of(points),
                    "points": [
                        {"value": it.value, "met": it.met, "sure": it.sure, **it.found}
                        for it in points
                    ],
                }
                for label, points in self._points.items()
            },
        }


def capacity(  # noqa: PLR0913 - each of them is optional
    scenario: Scenario,
    vary: str,
    target: str = "violation_rate=0.05",
    allocators: Sequence[str | Variant] | None = None,
    replications: int = 16,
    *,
    tolerance: float = 0.05,
    out: str | Path | Place | None = None,
    executor: Executor | None = None,
    told: Told = lambda label, replication, record: None,
) -> Capacity:
    """Find the largest value of a key at which a target is met, for each allocator.

    The value is doubled or halved until the target lies between two values, and then bisected. At each
    value replications come in by 4, 8, 16, …, until the interval of their mean is clear of the bound or
    there are as many as asked for; then the mean decides, and the point is not sure. All intervals of one
    allocator's search together miss with probability 5 % at most, so the bracket between sure points holds
    its capacity with 95 %, if what meets the target at a value meets it at every lower one. Replication r
    draws the same for every value and allocator.

    Parameters
    ----------
    scenario : what to load
    vary : key path of a number, such as ``agents.inspector.count`` or ``agents.inspector.arrivals.rate``
    target : ``[GROUP.]METRIC=VALUE``, such as ``violation_rate=0.05``
    allocators : as in :func:`~simran.experiments.compare`; None for the scenario's own
    replications : at most, at each value
    tolerance : relative width of the bracket to end with, where the key is no whole number
    out : folder; with :class:`Place` an earlier study there is overwritten or resumed; None keeps no files
    executor : runs them; None for one process per core
    told : called with label, replication and record of each run, as it ends

    Raises
    ------
    InputError
        for a key, a target, allocators or a folder that are of no use
    StudyInterrupted
        a KeyboardInterrupt, after Ctrl-C or SIGTERM; runs that have ended are in the folder, to be resumed

    Examples
    --------
    ``capacity(simran.load("warehouse_contention"), "agents.inspector.count").summary()["allocators"]``
    """
    _refuse(replications, tolerance)
    key = Vary.of(scenario, vary)
    goal = Target.parse(target, tuple(scenario.groups))
    variants = _variants(scenario, allocators)
    folder = StudyFolder(Place.of(out), "capacity", scenario)
    asked = {"vary": vary, "target": str(goal)}
    with folder.closing(asked), workers(executor, replications) as pool:
        points = {}
        for variant in variants:
            search = _Search(folder, scenario, variant, (key, goal, replications), pool, told)
            points[variant.name] = bracket(search.point, key.start, key.whole, tolerance)
        found = Capacity(scenario, key, goal, points, folder.path)
        folder.write("capacity.json", found.summary())
        write_frame(folder.path, "capacity.parquet", CAPACITY_COLUMNS, found.frame())
    folder.close("complete", asked)
    return found


def _variants(
    scenario: Scenario, allocators: Sequence[str | Variant] | None
) -> tuple[Variant, ...]:
    """Return what was asked for, or the scenario's own; each has been tried."""
    own = scenario.allocator
    variants = read_variants(allocators or [Variant(own.name, own.options)])
    for variant in variants:
        scenario_of(scenario, variant)
    return variants


def _refuse(replications: int, tolerance: float) -> None:
    if replications < 2:
        raise InputError(f"replications: expected at least 2, found {replications}")
    if not 0.0 < tolerance < 1.0:
        raise InputError(f"tolerance: expected a part between 0 and 1, found {tolerance}")


class _Search:
    """The points of one allocator."""

    def __init__(
        self,
        folder: StudyFolder,
        scenario: Scenario,
        variant: Variant,
        asked: tuple[Vary, Target, int],
        pool: Executor,
        told: Told,
    ) -> None:
        self._folder = folder
        self._scenario = scenario
        self._variant = variant
        self._vary, self._target, most = asked
        self._looks = looks(most)
        self._pool = pool
        self._told = told
        self._tried = 0

    def point(self, value: float) -> Point:
        """Return whether a value meets the target, from as many replications as that takes."""
        self._tried += 1
        error = error_of(self._tried, len(self._looks))
        changed = scenario_of(self._scenario, self._variant, [self._vary.override(value)])
        label = f"{self._variant.name}, {value:g} {self._vary.unit}".rstrip()
        records: list[dict[str, Any]] = []
        for count in self._looks:
            jobs = [(label, changed, place) for place in range(len(records), count)]
            complete(self._folder, jobs, self._pool, self._told)
            records = [self._folder.record(changed, place) for place in range(count)]
            verdict = judge(self._target, records, error)
            if verdict.sure:
                break
        return Point(value, verdict.met, verdict.sure, verdict.found)
