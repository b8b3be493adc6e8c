"""The keys of the language with their kind, default, meaning and example, as rows for a reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simran.scenario.draft7 import below, reader
from simran.scenario.fields import Quantity, WholeNumber
from simran.scenario.keys import keys
from simran.scenario.quantizer_schema import QuantizerSpec
from simran.scenario.schema import ScenarioSpec
from simran.units import DIMENSIONS

__all__ = ["Entry", "reference"]

_KINDS = {
    "_bandwidth": "a memory bandwidth above 0, or unlimited",
    "_bits": "a range or a list of bit-widths",
    "_curve": "scores by bit-width",
    "_decision_time": "a time at least 0, or measured",
    "_errors": "errors by bit-width",
    "_every": "once, per-request, or a time above 0",
    "_feature_bits": "a plain number above 0, or a list in ascending order",
    "_feature_errors": "distortions by bits",
    "_flag": "true or false",
    "_flops": "an amount of operations, or a mapping of terms",
    "_frequencies": "continuous, or a list of clocks",
    "_name": "a name",
    "_named": "a kind, or a mapping",
    "_output": "an amount of data, or {elements: …}",
    "_ratios": "a share in [0, 1), or a list in ascending order",
    "_scale": "tensor, row, or a whole number of 1 or more",
    "_rate": "a data rate above 0, or unlimited",
    "_text": "a text",
    "_version": "1",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the language.

    Parameters
    ----------
    path : key path; ``*`` stands for a name, ``[]`` for an entry of a list
    kind : what it takes, with its bounds
    default : as text; ``required`` where there is none, empty where leaving it out has a meaning
    meaning, example : for people
    """

    path: str
    kind: str
    default: str
    meaning: str
    example: str


def reference() -> tuple[Entry, ...]:
    """Return every key, in the order of the language."""
    found = {entry.path: entry for entry in _entries(ScenarioSpec, "")}
    return tuple(found[path] for path in keys() if path in found)


def _entries(model: type[BaseModel], at: str) -> Iterator[Entry]:
    for name, field in model.model_fields.items():
        path = f"{at}.{name}" if at else name
        key = keys().get(path)
        if key is not None:
            kind = "a number or one in W/Hz^exponent" if name == "dynamic" else _kind(field, path)
            yield Entry(path, kind, _default(field), key.meaning, key.example)
        for inner, step in below(field.annotation):
            yield from _entries(inner, path + step)


def _kind(field: FieldInfo, path: str) -> str:
    if path.endswith(".arrivals.rate"):
        return "a frequency above 0, or a mapping"
    read = reader(field)
    if isinstance(read, Quantity):
        return " ".join(part for part in (DIMENSIONS[read.dimension].name, read.bounds) if part)
    if isinstance(read, WholeNumber):
        return f"a whole number, at least {read.least}"
    if read is not None:
        return _KINDS[getattr(read, "__name__", "")]
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(it, str) for it in choices):
        return ", ".join(choices)
    kinds = {step[-1:] for _, step in below(field.annotation)}
    return "a list" if "]" in kinds else "a mapping by name" if "*" in kinds else "a mapping"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, QuantizerSpec):
        return value.kind
    if value is None or isinstance(value, (BaseModel, dict)) or value in ((), ""):
        return ""
    if isinstance(value, bool) or value == float("inf"):
        return "unlimited" if value == float("inf") else str(value).lower()
    if isinstance(value, tuple):
        return f"{value[0]:g}" if len(value) == 1 else f"{value[0]} to {value[-1]}"
    return f"{value:g}" if isinstance(value, float) else str(value)
