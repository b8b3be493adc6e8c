"""What is measured in one run of a study: figures of each group and of all, without any clock on the wall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from simran.engine import RunInterrupted, run
from simran.results import Result
from simran.scenario import Outputs, Scenario

__all__ = ["MEASURES", "Measure", "figures", "group_names", "record_of"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a group in one run.

    Parameters
    ----------
    name : as in ``comparison.parquet``
    unit : or ``""``
    meaning : one line
    tested : whether a comparison tests its differences
    """

    name: str
    unit: str
    meaning: str
    tested: bool = False


_TABLE = """
violation_rate||violations over requests whose deadline fell into the run|tested
delay_mean_s|s|mean delay of completed requests|tested
delay_p95_s|s|95th percentile of it|
delay_p99_s|s|99th percentile of it|
energy_mean_j|J|mean budgeted energy of completed requests|tested
total_energy_per_completed_j|J|all energy of the run over its completed requests; of all groups only|tested
distortion_mean||mean distortion of completed requests|tested
quality_mean||mean measured quality of completed requests|tested
throughput_hz|Hz|completed requests over time|
completed||number of completed requests|
dropped||number of requests refused on arrival|
judged||number of requests whose deadline fell into the run|
jain_completed_share||Jain's index over agents of completed over ended requests|
jain_delay||Jain's index over agents of the mean delay|
jain_energy||Jain's index over agents of the mean budgeted energy|
jain_distortion||Jain's index over agents of the mean distortion|
worst_agent_delay_s|s|largest mean delay of an agent|
worst_agent_distortion||largest mean distortion of an agent|
"""

#: All figures, in the order in which tables show them.
MEASURES = tuple(
    Measure(name, unit, meaning, tested == "tested")
    for name, unit, meaning, tested in (line.split("|") for line in _TABLE.strip().splitlines())
)


def group_names(scenario: Scenario) -> tuple[str, ...]:
    """Return what figures are of: every group where there are several, and ``total``."""
    return (*(scenario.groups if len(scenario.groups) > 1 else ()), "total")


def figures(scenario: Scenario, replication: int) -> dict[str, Any] | None:
    """Run one replication and return what was measured; None if it was interrupted.

    Parameters
    ----------
    scenario : what to run; its logs are not written
    replication : its number
    """
    bare = replace(scenario, outputs=Outputs(requests=False, allocations=False))
    try:
        return record_of(run(bare, replication=replication), group_names(scenario))
    except RunInterrupted:
        return None


def record_of(result: Result, groups: tuple[str, ...]) -> dict[str, Any]:
    """Return the figures of a result, plain data: by group, with causes, and what took how long.

    Parameters
    ----------
    result : of a run
    groups : as :func:`group_names` has them

    Returns
    -------
    mapping with ``replication``, ``verdict``, ``failures`` (decisions of the allocator that failed),
    ``reproducible``, ``figures`` and ``causes`` by group, and ``wall``, which alone differs from run to run
    """
    summary, manifest = result.summary, result.manifest
    decisions = summary["decisions"]
    return {
        "replication": summary["replication"],
        "verdict": summary["verdict"],
        "failures": decisions["refused"],
        "reproducible": decisions["reproducible"],
        "figures": {name: _figures(summary, name) for name in groups},
        "causes": {name: _part(summary, name)["violations"]["causes"] for name in groups},
        "wall": {
            "run_s": manifest["wall_s"],
            "decisions_s": manifest["decision_wall_s"],
            "decisions": decisions["count"],
        },
    }


def _part(summary: Mapping[str, Any], group: str) -> Any:
    return summary["total"] if group == "total" else summary["groups"][group]


def _figures(summary: Mapping[str, Any], group: str) -> dict[str, float | None]:
    part = _part(summary, group)
    fair = summary["fairness"]
    fair = fair["total"] if group == "total" else fair["groups"][group]
    delay = part["delay_s"]
    every_joule = summary["energy"]["total_per_completed_j"] if group == "total" else None
    return {
        "violation_rate": part["violation_rate"],
        "delay_mean_s": delay["mean"],
        "delay_p95_s": delay["p95"],
        "delay_p99_s": delay["p99"],
        "energy_mean_j": part["energy_j"]["mean"],
        "total_energy_per_completed_j": every_joule,
        "distortion_mean": part["distortion"]["mean"],
        "quality_mean": part["quality_mean"],
        "throughput_hz": part["throughput_hz"],
        "completed": part["completed"],
        "dropped": part["dropped"],
        "judged": part["violations"]["judged"],
        "jain_completed_share": fair["completed_share"]["jain"],
        "jain_delay": fair["delay_s"]["jain"],
        "jain_energy": fair["energy_j"]["jain"],
        "jain_distortion": fair["distortion"]["jain"],
        "worst_agent_delay_s": fair["delay_s"]["max"],
        "worst_agent_distortion": fair["distortion"]["max"],
    }
