"""Faults of structure: unknown keys, missing keys, values of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from simran.errors import Fault, nearest
from simran.scenario.compose import Composed
from simran.scenario.schema import ScenarioSpec

__all__ = ["read_structure"]

Key = tuple[str | int, ...]


def read_structure(whole: Composed) -> tuple[ScenarioSpec | None, list[Fault]]:
    """Return the scenario as the schema has it, or all faults of structure."""
    faults = list(_unknown(whole, ScenarioSpec, whole.data, ()))
    try:
        spec = ScenarioSpec.model_validate(whole.data)
    except ValidationError as error:
        faults += [_fault(whole, dict(item)) for item in error.errors()]
        return None, faults
    return spec, faults


def _unknown(whole: Composed, schema: Any, data: Any, at: Key) -> Iterator[Fault]:
    """Yield unknown keys, walking the schema and the data side by side."""
    origin, arguments = get_origin(schema), get_args(schema)
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        if not isinstance(data, dict):
            return
        fields = schema.model_fields
        for key, value in data.items():
            if key in fields:
                yield from _unknown(whole, fields[key].annotation, value, (*at, key))
            else:
                best = nearest(str(key), fields)
                hint = f"did you mean {best!r}?" if best else f"known: {', '.join(sorted(fields))}"
                yield whole.fault((*at, key), f"unknown key {key!r}", hint)
    elif origin is dict and isinstance(data, dict):
        for key, value in data.items():
            yield from _unknown(whole, arguments[1], value, (*at, key))
    elif origin is tuple and isinstance(data, list):
        for index, value in enumerate(data):
            yield from _unknown(whole, arguments[0], value, (*at, index))
    else:
        for argument in arguments:
            if argument is not type(None) and not isinstance(argument, str):
                yield from _unknown(whole, argument, data, at)


def _fault(whole: Composed, error: dict[str, Any]) -> Fault:  # noqa: PLR0911
    path = _written(whole, tuple(error["loc"]))
    kind, message, value = error["type"], str(error["msg"]), error.get("input")
    if kind == "missing":
        return whole.fault(path, "is required and missing")
    message = message.removeprefix("Value error, ")
    if kind == "literal_error":
        expected = str(error["ctx"]["expected"])
        known = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        best = nearest(str(value), known)
        hint = f"did you mean {best!r}?" if best else None
        return whole.fault(path, f"expected {expected}, found {value!r}", hint)
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return whole.fault(path, f"expected a mapping of keys, found {_short(value)}")
    if kind in {"tuple_type", "list_type"}:
        return whole.fault(path, f"expected a list, found {_short(value)}")
    if kind in {"too_short", "too_long"}:
        return whole.fault(path, f"expected {message.lower()}")
    if kind in {"bool_type", "bool_parsing"}:
        return whole.fault(path, f"expected true or false, found {_short(value)}")
    if kind != "value_error":
        return whole.fault(path, f"{message}, found {_short(value)}")
    return whole.fault(path, message)


def _written(whole: Composed, loc: Key) -> Key:
    """Return the part of a pydantic location that is a key path: unions add words of their own."""
    path: Key = ()
    data: Any = whole.data
    for place, part in enumerate(loc):
        last = place == len(loc) - 1
        if isinstance(data, dict) and (part in data or last):
            path, data = (*path, part), data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            path, data = (*path, part), data[part]
    return path


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
