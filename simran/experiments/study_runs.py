"""The runs of a study: what its folder does not have yet, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from simran.errors import RunError
from simran.experiments.measures import figures
from simran.experiments.parallel import run_side_by_side, workers
from simran.experiments.study_folder import StudyFolder, StudyInterrupted, run_key
from simran.scenario import Scenario

__all__ = ["Job", "Told", "complete"]

#: Label, scenario and replication of a run.
Job = tuple[str, Scenario, int]
#: Called with label, replication and record of each run, as it ends.
Told = Callable[[str, int, Mapping[str, Any]], None]


def complete(
    folder: StudyFolder, jobs: Sequence[Job], executor: Executor | None, told: Told
) -> None:
    """Run what the folder does not have yet; every record is kept as soon as its run ends.

    Parameters
    ----------
    folder : of the study
    jobs : all that it shall have
    executor : runs them; None for one process per core
    told : called with each, those that the folder has already first

    Raises
    ------
    StudyInterrupted
        after Ctrl-C or SIGTERM
    RunError
        if a run cannot go on; it names the label and the replication
    """
    left = []
    for label, scenario, replication in jobs:
        known = folder.get(run_key(scenario), replication)
        if known is None:
            left.append((label, scenario, replication))
        else:
            told(label, replication, known)
    if not left:
        return

    def ended(place: int, record: dict[str, Any] | None) -> None:
        if record is not None:
            label, scenario, replication = left[place]
            folder.keep(run_key(scenario), replication, record)
            told(label, replication, record)

    with workers(executor, len(left)) as pool:
        _, stopped = run_side_by_side(_run, left, pool, ended)
    if stopped:
        raise StudyInterrupted(f"{folder.path or 'the study'} can be resumed")


def _run(label: str, scenario: Scenario, replication: int) -> dict[str, Any] | None:
    try:
        return figures(scenario, replication)
    except RunError as error:
        raise RunError(f"{label}, replication {replication}: {error}") from error
