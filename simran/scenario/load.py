"""Reading a scenario: every fault at once, or a scenario that can be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simran.catalog import Document, read_document, scenario_names, scenario_path
from simran.catalog.document import plain
from simran.errors import Fault, ScenarioError
from simran.scenario.assumptions import multiply
from simran.scenario.compose import compose
from simran.scenario.later import refuse_later
from simran.scenario.references import check_references
from simran.scenario.resolve import resolve
from simran.scenario.resolved import Scenario
from simran.scenario.structure import read_structure

__all__ = ["load"]


def load(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    seed: int | None = None,
    scale: Mapping[str, float] | None = None,
) -> Scenario:
    """Return the scenario of a file, of a shipped name, or of a mapping.

    Parameters
    ----------
    source : path of a YAML file, name of a shipped scenario, or the content as a mapping
    overrides : ``path=value``, such as ``agents.inspector.count=3``
    seed : instead of the scenario's
    scale : key path of an assumed number, as in ``Scenario.assumptions`` -> factor to multiply it with

    Raises
    ------
    ScenarioError
        with every fault: file, line, column, key path, expected and found

    Examples
    --------
    >>> load("paper_blip2_coco", ["agents.robot.budget.delay=2 s"]).groups["robot"].delay_budget_s
    2.0
    """
    document, folder = _read(source)
    changes = [*overrides, f"seed={seed}"] if seed is not None else overrides
    whole = compose(document, folder, changes)
    for assumption in whole.assumed:
        if scale and assumption.path in scale:
            multiply(whole.data, assumption, scale[assumption.path])
    faults = [*whole.faults, *refuse_later(whole)]
    spec, structural = read_structure(whole)
    faults += structural
    if spec is not None:
        faults += check_references(whole, spec)
    if faults or spec is None:
        raise ScenarioError(_sorted(faults))
    return resolve(whole, spec)


def _read(source: str | Path | Mapping[str, Any]) -> tuple[Document, Path]:
    if isinstance(source, Mapping):
        return Document(plain(source)), Path()
    path = Path(source)
    stem = str(source).removesuffix(".yaml")
    if not path.exists() and stem in scenario_names():
        path = scenario_path(stem)
    return read_document(path, str(source)), path.parent


def _sorted(faults: list[Fault]) -> list[Fault]:
    # A mode stands in the file once and in the scenario twice, among the modes and in force.
    places = {
        (it.file, it.line, it.column, it.message, it.path if not it.line else ""): it
        for it in reversed(faults)
    }
    unique = list(reversed(places.values()))
    return sorted(unique, key=lambda fault: (fault.file, fault.line, fault.column))
