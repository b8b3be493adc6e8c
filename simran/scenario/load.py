"""Reading a scenario: every fault at once, or a scenario that can be run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from simran.catalog import Document
from simran.errors import Fault, ScenarioError
from simran.scenario.assumptions import multiply
from simran.scenario.compose import Composed, compose
from simran.scenario.consistency import check_consistency
from simran.scenario.later import refuse_later
from simran.scenario.overrides import SET
from simran.scenario.references import check_references
from simran.scenario.resolve import resolve
from simran.scenario.resolved import Scenario
from simran.scenario.schema import AllocatorPart, ScenarioSpec
from simran.scenario.source import Source, read_source
from simran.scenario.structure import Parts, read_structure

__all__ = ["check_document", "load", "load_with_places"]

#: Looks at the allocator's part of a scenario, of which the rest may have faults.
Check = Callable[[AllocatorPart, Document], Iterable[Fault]]

_MOST_FAULTS = 100
_MOST_CHANGES = 10


def load(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    seed: int | None = None,
    scale: Mapping[str, float] | None = None,
) -> Scenario:
    """Return the scenario of a file, of a shipped name, of an earlier run, or of a mapping.

    Parameters
    ----------
    source : path of a YAML file or of the ``manifest.json`` of a run, whose resolved scenario and seed it
        then is; name of a shipped scenario; or the content as a mapping
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
    source: str | Path | Mapping[str, Any] | Source,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    scale: Mapping[str, float] | None = None,
    check: Check | None = None,
) -> tuple[Scenario, Document]:
    """Return a scenario as :func:`load` does, and its document, for who finds more faults in it.

    Parameters
    ----------
    source : as there, or as :func:`~simran.scenario.source.read_source` returned it
    overrides, seed, scale : as there
    check : yields faults that only others can see in the allocator's part, to be told with the rest
    """
    found = source if isinstance(source, Source) else read_source(source)
    overrides = [overrides] if isinstance(overrides, str) else overrides
    changes = [*overrides, f"seed={seed}"] if seed is not None else overrides
    try:
        whole, parts, spec = _sound(found, changes, scale, check)
    except ScenarioError as error:
        raise ScenarioError(_presented(_blamed(error, found, changes, check))) from error
    for key in (*parts.traces, *parts.courses):
        _settle(whole, key)
    return resolve(whole, spec, parts.traces, parts.courses), whole


def check_document(source: Source) -> Composed:
    """Return a document that makes a sound scenario, composed.

    Raises
    ------
    ScenarioError
        with every fault
    """
    try:
        return _sound(source, (), None, None)[0]
    except ScenarioError as error:
        raise ScenarioError(_presented(error.faults)) from error


def _sound(
    source: Source,
    changes: Sequence[str],
    scale: Mapping[str, float] | None,
    check: Check | None,
) -> tuple[Composed, Parts, ScenarioSpec]:
    # What is read is changed here, and may be needed again.
    whole = compose(source.document.copy(), source.home, changes)
    for assumption in whole.assumed:
        if scale and assumption.path in scale:
            multiply(whole.data, assumption, scale[assumption.path])
    faults = [*whole.faults, *refuse_later(whole)]
    parts = read_structure(whole)
    faults += parts.faults
    faults += check_references(whole, parts)
    faults += check_consistency(whole, parts)
    if check is not None and parts.allocator is not None:
        faults += check(parts.allocator, whole)
    if faults or parts.spec is None:
        raise ScenarioError(faults)
    return whole, parts, parts.spec


def _blamed(
    error: ScenarioError, source: Source, changes: Sequence[str], check: Check | None
) -> list[Fault]:
    """Return faults, with the overrides as the place of those that the files do not have themselves."""
    if not changes or all(fault.file.startswith(SET) for fault in error.faults):
        return list(error.faults)
    own = _faults(source, (), check)
    without = {}
    for place, change in enumerate(changes[:_MOST_CHANGES]):
        without[change] = _faults(source, [*changes[:place], *changes[place + 1 :]], check)
    found = []
    for fault in error.faults:
        key = fault.path, fault.message
        if not fault.file.startswith(SET) and key not in own:
            to_blame = [it for it, left in without.items() if key not in left] or changes
            file = " ".join(f"{SET}{it}" for it in to_blame)
            fault = replace(fault, file=file, line=0, column=0)  # noqa: PLW2901
        found.append(fault)
    return found


def _faults(source: Source, changes: Sequence[str], check: Check | None) -> set[tuple[str, str]]:
    """Return the path and the message of every fault."""
    try:
        _sound(source, changes, None, check)
    except ScenarioError as error:
        return {(fault.path, fault.message) for fault in error.faults}
    return set()


def _settle(whole: Composed, key: tuple[str | int, ...]) -> None:
    """Name a trace file in full, so that the resolved scenario means it wherever it is read again."""
    holder = whole.data
    for part in key:
        holder = holder[part]
    holder["file"] = str(whole.home((*key, "file")).locate(holder["file"]).resolve())


def _presented(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults in the order of the file, each once, and no more than anyone reads."""
    # A mode stands in the file once and in the scenario twice, among the modes and in force.
    places = {
        (it.file, it.line, it.column, it.message, it.path.rpartition(".")[2]): it
        for it in reversed(list(faults))
    }
    unique = list(reversed(places.values()))
    ordered = sorted(unique, key=lambda fault: (fault.file, fault.line, fault.column))
    left = len(ordered) - _MOST_FAULTS
    more = [Fault(f"{left} more faults are not shown")] if left > 0 else []
    return [*ordered[:_MOST_FAULTS], *more]
