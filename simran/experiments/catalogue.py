"""What there is: models, devices, allocators, scenarios, columns; and files that are sound or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from simran.errors import Fault, InputError, ScenarioError, UnknownNameError

if TYPE_CHECKING:
    from simran.catalog import Document
    from simran.scenario import Scenario

__all__ = ["Validation", "listing", "load_checked", "validate_files"]

_KINDS = ("allocators", "columns", "devices", "models", "scenarios")


@dataclass(frozen=True, slots=True)
class Validation:
    """The faults of some files, by file; none for a sound one."""

    faults: dict[str, tuple[Fault, ...]]

    @property
    def valid(self) -> bool:
        """Whether every file is sound."""
        return not any(self.faults.values())

    def lines(self) -> Iterator[tuple[str, bool]]:
        """Yield lines for people, and whether each is a fault."""
        for file, faults in self.faults.items():
            yield from ((str(fault), True) for fault in faults)
            if not faults:
                yield f"{file}: valid", False

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data: for each fault its place, key path, message and suggestion."""
        files = {name: [asdict(fault) for fault in faults] for name, faults in self.faults.items()}
        return {"valid": self.valid, "files": files}


def validate_files(files: Sequence[str]) -> Validation:
    """Read scenario files and collect all their faults; nothing is run."""
    found: dict[str, tuple[Fault, ...]] = {}
    for file in files:
        try:
            load_checked(file)
            found[file] = ()
        except ScenarioError as error:
            found[file] = error.faults
        except InputError as error:
            found[file] = (Fault(str(error), file),)
    return Validation(found)


def load_checked(file: str, overrides: Sequence[str] = (), seed: int | None = None) -> Scenario:
    """Return a scenario as ``simran.load`` does, with the allocator's options looked at too.

    Raises
    ------
    ScenarioError
        with every fault and its place
    """
    from simran.scenario import load_with_places

    scenario, document = load_with_places(file, overrides, seed)
    faults = list(_options(scenario, document))
    if faults:
        raise ScenarioError(faults)
    return scenario


def _options(scenario: Scenario, document: Document) -> Iterator[Fault]:
    """Yield the faults that only the allocator can see, in the options of a scenario."""
    if not scenario.allocator.options:
        return
    from simran.allocation import ALLOCATORS

    allocator = ALLOCATORS.load(scenario.allocator.name)
    for key, value in scenario.allocator.options.items():
        try:
            allocator({key: value})
        except InputError as error:
            yield document.fault(("allocator", "options", key), str(error))


def listing(what: str, name: str | None = None) -> list[dict[str, Any]]:
    """Return the catalogue of one kind as rows.

    Parameters
    ----------
    what : models, devices, allocators, scenarios or columns
    name : of one entry; None for all

    Raises
    ------
    UnknownNameError
        for another kind, or a name that it does not have
    """
    if what not in _KINDS:
        raise UnknownNameError("catalogue", what, _KINDS)
    rows = _rows(what)
    if name is None:
        return rows
    key = "column" if what == "columns" else "name"
    chosen = [row for row in rows if row[key] == name]
    if not chosen:
        raise UnknownNameError(what.removesuffix("s"), name, {row[key] for row in rows})
    return chosen


def _rows(what: str) -> list[dict[str, Any]]:
    return {
        "models": lambda: _profiles("models"),
        "devices": lambda: _profiles("devices"),
        "allocators": _allocators,
        "scenarios": _scenarios,
        "columns": _columns,
    }[what]()


def _profiles(kind: str) -> list[dict[str, Any]]:
    from simran.catalog import describe, device_names, model_names

    names = model_names() if kind == "models" else device_names()
    return [row for name in names for row in describe(kind, name)]


def _allocators() -> list[dict[str, Any]]:
    from simran.allocation import ALLOCATORS

    rows = []
    for name in ALLOCATORS.names():
        allocator = ALLOCATORS.load(name)
        rows.append(
            {
                "name": name,
                "options": ", ".join(
                    f"{key}={it.default}" for key, it in allocator.OPTIONS.items()
                ),
                "design": (allocator.__doc__ or "").strip().splitlines()[0],
            }
        )
    return rows


def _scenarios() -> list[dict[str, Any]]:
    from simran.catalog import scenario_names
    from simran.scenario import load

    return [{"name": name, "description": load(name).description} for name in scenario_names()]


def _columns() -> list[dict[str, Any]]:
    from simran.results import ALLOCATION_COLUMNS, REQUEST_COLUMNS, TIMESERIES_COLUMNS

    files = {
        "requests": REQUEST_COLUMNS,
        "allocations": ALLOCATION_COLUMNS,
        "timeseries": TIMESERIES_COLUMNS,
    }
    return [
        {
            "file": file,
            "column": column.name,
            "type": column.type,
            "unit": column.unit,
            "meaning": column.meaning,
        }
        for file, columns in files.items()
        for column in columns
    ]
