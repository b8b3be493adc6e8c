"""What there is: models, devices, allocators, scenarios, columns."""

from __future__ import annotations

from typing import Any

from simran.errors import InputError, UnknownNameError

__all__ = ["listing"]

_KINDS = ("allocators", "columns", "devices", "models", "scenarios")


def listing(what: str, name: str | None = None) -> list[dict[str, Any]]:
    """Return the catalogue of one kind as rows.

    Parameters
    ----------
    what : models, devices, allocators, scenarios or columns
    name : of one entry, or a profile file of one's own; None for all

    Raises
    ------
    UnknownNameError
        for another kind, or a name that it does not have
    ScenarioError
        with the faults of a profile file
    """
    if what not in _KINDS:
        raise UnknownNameError("catalogue", what, _KINDS)
    if name is not None and what in {"models", "devices"}:
        from simran.catalog import describe, is_file_name
        from simran.scenario import check_profile

        if is_file_name(name):
            check_profile(name, what)
            return describe(what, name)
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
    from simran.allocation import ALLOCATORS, find_allocator
    from simran.allocation.lookup import origin

    rows = []
    for name in ALLOCATORS.names():
        try:
            allocator = find_allocator(name)
        except InputError as error:  # of another package, which must not hide the rest
            rows.append({"name": name, "options": "", "origin": "", "design": str(error)})
            continue
        told = origin(allocator)
        options = (f"{key}={it.default}" for key, it in allocator.all_options().items())
        rows.append(
            {
                "name": name,
                "options": ", ".join(options),
                "origin": told.get("package", told.get("file", told["class"])),
                "design": next(iter((allocator.__doc__ or "").strip().splitlines()), ""),
            }
        )
    return rows


def _scenarios() -> list[dict[str, Any]]:
    from simran.catalog import scenario_names
    from simran.scenario import load

    return [{"name": name, "description": load(name).description} for name in scenario_names()]


def _columns() -> list[dict[str, Any]]:
    from simran.results import (
        ALLOCATION_COLUMNS,
        CAPACITY_COLUMNS,
        COMPARISON_COLUMNS,
        REQUEST_COLUMNS,
        TIMESERIES_COLUMNS,
    )

    files = {
        "requests": REQUEST_COLUMNS,
        "allocations": ALLOCATION_COLUMNS,
        "timeseries": TIMESERIES_COLUMNS,
        "comparison": COMPARISON_COLUMNS,
        "capacity": CAPACITY_COLUMNS,
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
