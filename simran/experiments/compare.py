"""Allocators side by side on the same random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simran.errors import InputError, UnknownNameError
from simran.experiments.measures import MEASURES, group_names
from simran.experiments.oracle import oracle, outside
from simran.experiments.paired import holm, mean_and_interval, paired
from simran.experiments.replications import rate_interval
from simran.experiments.study_folder import Place, StudyFolder, write_frame
from simran.experiments.study_runs import Told, complete
from simran.experiments.variants import Variant, read_variants, scenario_of
from simran.results import COMPARISON_COLUMNS
from simran.results.statistics import number
from simran.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "compare"]

_LEVEL = 0.05


class Comparison:
    """What a comparison has found.

    Parameters
    ----------
    scenario : what was compared on
    variants : in order
    records : of each variant by label, one for each replication
    path : the folder, or None
    baseline : label that the others are compared with; None for the first

    Raises
    ------
    UnknownNameError
        if there is no such label
    """

    def __init__(
        self,
        scenario: Scenario,
        variants: Sequence[Variant],
        records: Mapping[str, Sequence[Mapping[str, Any]]],
        path: Path | None = None,
        baseline: str | None = None,
    ) -> None:
        self.baseline = _known(baseline, [it.name for it in variants])
        self._scenario = scenario
        self._variants = tuple(variants)
        self._records = records
        self._oracle = oracle(scenario)
        self.path = path

    @property
    def labels(self) -> tuple[str, ...]:
        """Who is compared, in order."""
        return tuple(it.name for it in self._variants)

    @property
    def wall(self) -> dict[str, dict[str, float]]:
        """Time on the clock on the wall, by label: no other machine or day gives the same."""
        found = {}
        for label, records in self._records.items():
            count = sum(it["wall"]["decisions"] for it in records)
            spent_s = math.fsum(it["wall"]["decisions_s"] for it in records)
            run_s = math.fsum(it["wall"]["run_s"] for it in records) / len(records)
            found[label] = {"decision_s": spent_s / count if count else 0.0, "run_s": run_s}
        return found

    def frame(self) -> pd.DataFrame:
        """Return every figure: allocator, replication, group, metric, value."""
        import pandas as pd

        rows = [
            (label, record["replication"], group, metric, value)
            for label, records in self._records.items()
            for record in records
            for group, values in record["figures"].items()
            for metric, value in values.items()
        ]
        names = ["allocator", "replication", "group", "metric", "value"]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype({"replication": "int64", "value": "float64"})

    def summary(self, baseline: str | None = None) -> dict[str, Any]:
        """Return what ``comparison.json`` holds.

        Parameters
        ----------
        baseline : label that the others are compared with; None for the comparison's own

        Raises
        ------
        UnknownNameError
            if there is no such label
        """
        base = self.baseline if baseline is None else _known(baseline, self.labels)
        tests = self._tests(base)
        return {
            "scenario": self._scenario.name,
            "seed": self._scenario.seed,
            "replications": len(self._records[base]),
            "baseline": base,
            "groups": list(group_names(self._scenario)),
            "allocators": {it.name: self._about(it) for it in self._variants},
            "oracle": self._oracle,
            "differences": tests,
            "family": {
                "tests": sum(it["p"] is not None for it in tests),
                "level": _LEVEL,
                "method": "two-sided paired t tests over replications, corrected together by Holm",
            },
        }

    def _values(self, label: str, group: str, metric: str) -> list[float | None]:
        return [record["figures"][group][metric] for record in self._records[label]]

    def _about(self, variant: Variant) -> dict[str, Any]:
        records = self._records[variant.name]
        verdicts = [record["verdict"] for record in records]
        groups = group_names(self._scenario)
        return {
            "allocator": variant.spec,
            "options": dict(variant.options),
            "settings": dict(variant.settings),
            "verdicts": {it: verdicts.count(it) for it in dict.fromkeys(verdicts)},
            "failures": sum(record["failures"] for record in records),
            "reproducible": all(record["reproducible"] for record in records),
            "figures": {group: self._means(variant.name, group) for group in groups},
            "causes": {group: _causes(records, group) for group in groups},
            "oracle_gap": {group: self._gap(variant, group) for group in groups},
        }

    def _means(self, label: str, group: str) -> dict[str, Any]:
        found = {}
        for measure in MEASURES:
            values = [it for it in self._values(label, group, measure.name) if it is not None]
            found[measure.name] = mean_and_interval(values)
        rates = [it for it in self._values(label, group, "violation_rate") if it is not None]
        given = found["violation_rate"]["interval95"]
        if given is not None:
            judged = sum(int(it or 0) for it in self._values(label, group, "judged"))
            ends = rate_interval(rates, given[0], given[1], judged)
            found["violation_rate"]["interval95"] = list(ends)
        return found

    def _gap(self, variant: Variant, group: str) -> dict[str, Any]:
        """Return how far the mean distortion is above the oracle's, and how many times it is it."""
        label = variant.name
        bound = None if outside(self._scenario, variant.spec) else self._bound(label, group)
        values = [it for it in self._values(label, group, "distortion_mean") if it is not None]
        if bound is None or not values:
            return {"distortion": None, "ratio": None}
        mean = math.fsum(values) / len(values)
        return {"distortion": mean - bound, "ratio": mean / bound if bound else None}

    def _bound(self, label: str, group: str) -> float | None:
        """Return the oracle's distortion; in total for the mix of groups that was completed."""
        if group != "total" or len(self._scenario.groups) == 1:
            bound: float | None = self._oracle[group]["distortion"]
            return bound
        sums: list[float] = []
        for record in self._records[label]:
            parts = [
                (record["figures"][name]["completed"], self._oracle[name]["distortion"])
                for name in self._scenario.groups
            ]
            done = sum(count for count, _ in parts)
            if any(count and it is None for count, it in parts):
                return None
            if done:
                sums.append(math.fsum(count * it for count, it in parts if count) / done)
        return math.fsum(sums) / len(sums) if sums else None

    def _tests(self, base: str) -> list[dict[str, Any]]:
        """Return every tested difference to the baseline, corrected as one family."""
        rows = []
        for label in self.labels:
            for group in group_names(self._scenario) if label != base else ():
                for metric in (it.name for it in MEASURES if it.tested):
                    pair = (self._values(it, group, metric) for it in (label, base))
                    found = paired(*pair)
                    if found["pairs"]:
                        rows.append({"allocator": label, "group": group, "metric": metric, **found})
        corrected = holm([math.nan if it["p"] is None else it["p"] for it in rows])
        for row, value in zip(rows, corrected, strict=True):
            row["p_holm"] = number(value)
            row["significant"] = None if math.isnan(value) else value <= _LEVEL
        return rows


def _known(baseline: str | None, labels: Sequence[str]) -> str:
    if baseline is not None and baseline not in labels:
        raise UnknownNameError("baseline", baseline, labels)
    return labels[0] if baseline is None else baseline


def compare(  # noqa: PLR0913 - each of them is optional
    scenario: Scenario,
    allocators: Sequence[str | Variant],
    replications: int = 10,
    *,
    baseline: str | None = None,
    out: str | Path | Place | None = None,
    executor: Executor | None = None,
    told: Told = lambda label, replication, record: None,
) -> Comparison:
    """Run a scenario under several allocators with the same random numbers, and compare.

    Replication r draws the same under every allocator: what a request brings depends on its agent and
    number alone, so runs are compared in pairs. Figures depend neither on the executor nor on the order in
    which runs end.

    Parameters
    ----------
    scenario : what to compare on; all of it but the allocator's name and options is used
    allocators : ``[LABEL=]NAME[:key=value,…]``; NAME may be ``package.module:Class`` or ``path.py:Class``
    replications : runs of each, 1 or more; intervals need 2, published figures 10
    baseline : label that the others are compared with; None for the first
    out : folder; with :class:`Place` an earlier study there is overwritten or resumed; None keeps no files
    executor : runs them; None for one process per core
    told : called with label, replication and record of each run, as it ends

    Raises
    ------
    InputError
        for allocators, options or a folder that are of no use
    StudyInterrupted
        a KeyboardInterrupt, after Ctrl-C or SIGTERM; runs that have ended are in the folder, to be resumed

    Examples
    --------
    ``compare(simran.load("warehouse_contention"), ["exact", "joint"]).summary()["differences"]``
    """
    if replications < 1:
        raise InputError(f"replications: expected at least 1, found {replications}")
    variants = read_variants(allocators)
    base = _known(baseline, [it.name for it in variants])
    scenarios = {it.name: scenario_of(scenario, it) for it in variants}
    folder = StudyFolder(Place.of(out), "compare", scenario)
    with folder.closing({"labels": [*scenarios]}):
        # All allocators of one replication after another: what is cut short has pairs to compare.
        jobs = [(it, scenarios[it], place) for place in range(replications) for it in scenarios]
        complete(folder, jobs, executor, told)
        records = {
            label: [folder.record(changed, place) for place in range(replications)]
            for label, changed in scenarios.items()
        }
        found = Comparison(scenario, variants, records, folder.path, base)
        folder.write("comparison.json", found.summary())
        write_frame(folder.path, "comparison.parquet", COMPARISON_COLUMNS, found.frame())
    folder.close("complete", {"labels": list(found.labels), "wall": found.wall})
    return found


def _causes(records: Sequence[Mapping[str, Any]], group: str) -> dict[str, float]:
    """Return the share of judged requests that missed a budget, by cause."""
    judged = sum(record["figures"][group]["judged"] for record in records)
    counts: dict[str, int] = {}
    for record in records:
        for cause, count in record["causes"][group].items():
            counts[cause] = counts.get(cause, 0) + count
    return {cause: counts[cause] / judged for cause in sorted(counts)} if judged else {}
