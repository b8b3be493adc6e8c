"""Reading a scenario: every fault at once, or a scenario that can be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simran.catalog import Document, plain, read_document, scenario_path
from simran.errors import Fault, ScenarioError, UnknownNameError
from simran.scenario.assumptions import multiply
from simran.scenario.compose import Composed, compose
from simran.scenario.consistency import check_consistency
from simran.scenario.homes import Home
from simran.scenario.later import refuse_later
from simran.scenario.references import check_references
from simran.scenario.resolve import resolve
from simran.scenario.resolved import Scenario
from simran.scenario.structure import read_structure

__all__ = ["load", "load_with_places"]

_MOST_FAULTS = 100


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
    overrides : ``path=value``, such as ``agents.inspector.count=3``, or several of them
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
    return load_with_places(source, overrides, seed, scale)[0]


def load_with_places(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    seed: int | None = None,
    scale: Mapping[str, float] | None = None,
) -> tuple[Scenario, Document]:
    """Return a scenario as :func:`load` does, and its document, for who finds more faults in it."""
    document, home = _read(source)
    overrides = [overrides] if isinstance(overrides, str) else overrides
    changes = [*overrides, f"seed={seed}"] if seed is not None else overrides
    whole = compose(document, home, changes)
    for assumption in whole.assumed:
        if scale and assumption.path in scale:
            multiply(whole.data, assumption, scale[assumption.path])
    faults = [*whole.faults, *refuse_later(whole)]
    parts = read_structure(whole)
    faults += parts.faults
    faults += check_references(whole, parts)
    faults += check_consistency(whole, parts)
    if faults or parts.spec is None:
        raise ScenarioError(_presented(faults))
    for key in parts.traces:
        _settle(whole, key)
    return resolve(whole, parts.spec, parts.traces), whole


def _settle(whole: Composed, key: tuple[str | int, ...]) -> None:
    """Name a trace file in full, so that the resolved scenario means it wherever it is read again."""
    holder = whole.data
    for part in key:
        holder = holder[part]
    holder["file"] = str(whole.home((*key, "file")).locate(holder["file"]).resolve())


def _read(source: str | Path | Mapping[str, Any]) -> tuple[Document, Home]:
    if isinstance(source, Mapping):
        try:
            return Document(plain(source)), Home(Path())
        except ValueError as error:
            raise ScenarioError([Fault(f"the scenario {error}")]) from error
    path = Path(source)
    if not _exists(path):
        try:
            path = scenario_path(str(source))
        except UnknownNameError as error:
            if len(path.parts) == 1 and not path.suffix:
                raise ScenarioError(
                    [Fault("there is no such file", str(source), suggestion=str(error))]
                ) from error
    return read_document(path, str(source)), Home(path.parent, path.parent)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be searched
        return True


def _presented(faults: list[Fault]) -> list[Fault]:
    """Return the faults in the order of the file, each once, and no more than anyone reads."""
    # A mode stands in the file once and in the scenario twice, among the modes and in force.
    places = {
        (it.file, it.line, it.column, it.message, it.path.rpartition(".")[2]): it
        for it in reversed(faults)
    }
    unique = list(reversed(places.values()))
    ordered = sorted(unique, key=lambda fault: (fault.file, fault.line, fault.column))
    left = len(ordered) - _MOST_FAULTS
    more = [Fault(f"{left} more faults are not shown")] if left > 0 else []
    return [*ordered[:_MOST_FAULTS], *more]
