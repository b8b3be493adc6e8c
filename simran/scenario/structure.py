"""Faults of structure: unknown keys, missing keys, values of the wrong kind."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from simran.errors import Fault, hint, nearest, shown, word
from simran.scenario.compose import Composed
from simran.scenario.model_schema import ModelSpec
from simran.scenario.schema import (
    AgentsSpec,
    AllocatorPart,
    CellSpec,
    DeviceSpec,
    LengthSpec,
    LinkSpec,
    ScenarioSpec,
    ServerSpec,
)
from simran.scenario.varying import RateSteps

__all__ = ["Parts", "read_structure"]

Key = tuple[str | int, ...]
S = TypeVar("S", bound=BaseModel)

_MOST_FAULTS = 200
_MERGE = "YAML 1.2 has no merge keys; write the keys out, or use extends"
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "model_attributes_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "tuple_type": "a list",
}
#: Key of a mapping -> its key that a word in the mapping's place is meant for.
_CHOICES = {"allocator": "name", "arrivals": "process", "size": "law", "weights": "law"}


@dataclass
class Parts:
    """A scenario in parts, as far as they are sound: the others have faults, but keep their names.

    Parameters
    ----------
    faults : of structure
    spec : the whole, or None where anything is not sound
    models, devices, cells, servers, agents : the sound ones by name
    links : the sound ones by their index
    linked : whether these are all of them
    names : of all of them, by kind
    allocator, length : or None
    traces : key of the mapping that names a trace -> its values; the check of meaning reads them
    courses : likewise of rates that vary
    """

    faults: list[Fault]
    spec: ScenarioSpec | None = None
    models: dict[str, ModelSpec] = field(default_factory=dict)
    devices: dict[str, DeviceSpec] = field(default_factory=dict)
    cells: dict[str, CellSpec] = field(default_factory=dict)
    servers: dict[str, ServerSpec] = field(default_factory=dict)
    agents: dict[str, AgentsSpec] = field(default_factory=dict)
    links: dict[int, LinkSpec] = field(default_factory=dict)
    linked: bool = True
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    allocator: AllocatorPart | None = None
    length: LengthSpec | None = None
    traces: dict[Key, tuple[float, ...]] = field(default_factory=dict)
    courses: dict[Key, RateSteps] = field(default_factory=dict)


def read_structure(whole: Composed) -> Parts:
    """Return the scenario as the schema has it, in parts, with all faults of structure."""
    found = _unknown(whole, ScenarioSpec, whole.data, ())
    odd = list(itertools.islice(found, _MOST_FAULTS))
    parts = Parts([fault for _, fault in odd])
    unknown: dict[Key, list[str]] = {}
    for key, _ in odd:
        unknown.setdefault(key[:-1], []).append(str(key[-1]))
    try:
        parts.spec = ScenarioSpec.model_validate(whole.data)
    except ValidationError as error:
        for item in error.errors(include_url=False)[:_MOST_FAULTS]:
            fault = _fault(whole, dict(item), unknown)
            if fault is not None:
                parts.faults.append(fault)
    _name(parts, whole.data)
    if parts.spec is None:
        _fill(parts, whole.data)
    else:
        _take(parts, parts.spec)
    return parts


def _name(parts: Parts, data: dict[str, Any]) -> None:
    network = data.get("network")
    network = network if isinstance(network, dict) else {}
    holders = {kind: data.get(kind) for kind in ("models", "devices", "agents")}
    holders |= {kind: network.get(kind) for kind in ("cells", "servers")}
    parts.names = {
        kind: tuple(map(str, holder)) if isinstance(holder, dict) else ()
        for kind, holder in holders.items()
    }


def _take(parts: Parts, spec: ScenarioSpec) -> None:
    """Fill in the parts of a whole that is sound."""
    parts.models, parts.devices, parts.agents = spec.models, spec.devices, spec.agents
    parts.cells, parts.servers = spec.network.cells, spec.network.servers
    parts.links = dict(enumerate(spec.network.links))
    parts.allocator, parts.length = spec.allocator, spec


def _fill(parts: Parts, data: dict[str, Any]) -> None:
    """Fill in the parts that are sound, each read on its own."""
    network = data.get("network")
    network = network if isinstance(network, dict) else {}
    parts.models = _sound(ModelSpec, data.get("models"))
    parts.devices = _sound(DeviceSpec, data.get("devices"))
    parts.cells = _sound(CellSpec, network.get("cells"))
    parts.servers = _sound(ServerSpec, network.get("servers"))
    parts.agents = _sound(AgentsSpec, data.get("agents"))
    links = network.get("links")
    listed = enumerate(links) if isinstance(links, list) else ()
    found = {index: _read(LinkSpec, link) for index, link in listed}
    parts.links = {index: link for index, link in found.items() if link is not None}
    parts.linked = (links is None or isinstance(links, list)) and len(parts.links) == len(found)
    parts.allocator = _read(AllocatorPart, data.get("allocator", {}))
    length = {key: data[key] for key in LengthSpec.model_fields if key in data}
    parts.length = _read(LengthSpec, length)


def _read(schema: type[S], value: Any) -> S | None:
    try:
        return schema.model_validate(value)
    except ValidationError:
        return None


def _sound(schema: type[S], entries: Any) -> dict[str, S]:
    if not isinstance(entries, dict):
        return {}
    found = {str(name): _read(schema, entry) for name, entry in entries.items()}
    return {name: entry for name, entry in found.items() if entry is not None}


def _unknown(whole: Composed, schema: Any, data: Any, at: Key) -> Iterator[tuple[Key, Fault]]:
    """Yield unknown keys, walking the schema and the data side by side."""
    if not isinstance(data, (dict, list)):
        return
    origin, arguments = get_origin(schema), get_args(schema)
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        if not isinstance(data, dict):
            return
        fields = schema.model_fields
        for key, value in data.items():
            if key in fields:
                yield from _unknown(whole, fields[key].annotation, value, (*at, key))
            else:
                help_ = _MERGE if key == "<<" else _comma(data, key) or hint(key, fields)
                yield (*at, key), whole.fault((*at, key), f"unknown key {shown(key)}", help_)
    elif origin is dict and isinstance(data, dict):
        for key, value in data.items():
            yield from _unknown(whole, arguments[1], value, (*at, key))
    elif origin is tuple and isinstance(data, list):
        for index, value in enumerate(data):
            yield from _unknown(whole, arguments[0], value, (*at, index))
    elif origin is not Literal:
        for argument in arguments:
            yield from _unknown(whole, argument, data, at)


def _comma(data: dict[str, Any], key: str) -> str | None:
    """Return the help for what is left of ``{delay: 0,2 s}``, where a comma ends the value."""
    keys = list(data)
    place = keys.index(key)
    before = data[keys[place - 1]] if place else None
    whole = isinstance(before, int) and not isinstance(before, bool)
    if data[key] is not None or not whole or not re.match(r"\d", key):
        return None
    return f"the decimal sign is a point: {keys[place - 1]}: {before}.{key}"


def _fault(whole: Composed, error: dict[str, Any], unknown: dict[Key, list[str]]) -> Fault | None:
    """Return what pydantic found in our words; None where that has been said better already."""
    path = _written(whole, tuple(error["loc"]))
    kind, value = error["type"], error.get("input")
    message, suggestion = str(error["msg"]).removeprefix("Value error, "), None
    if path in whole.broken or (kind == "value_error" and path in unknown):
        return None
    if kind == "too_short" and len(value or ()) >= error["ctx"]["min_length"]:
        return None  # entries that are wrong do not count for pydantic
    if kind == "missing":
        message = "is required and missing"
        best = nearest(str(path[-1]), unknown.get(path[:-1], ()))
        suggestion = f"{best!r} may be meant for it" if best else _elsewhere(whole, path)
    elif kind == "literal_error":
        known = [str(it) for it in re.findall(r"'([^']*)'", error["ctx"]["expected"])]
        words = " or ".join([", ".join(known[:-1]), known[-1]] if known[1:] else known)
        message = f"expected {words}, found {shown(value)}"
        best = nearest(value, known) if isinstance(value, str) else None
        suggestion = f"did you mean {best!r}?" if best else None
    elif kind in {"too_short", "too_long"}:
        context = error["ctx"]
        bound = context.get("min_length", context.get("max_length"))
        words = "at least" if kind == "too_short" else "at most"
        message = f"expected {words} {bound}, found {context['actual_length']}"
    elif kind in _EXPECTED:
        message = f"expected {_EXPECTED[kind]}, found {shown(value)}"
        choice = _CHOICES.get(str(path[-1])) if path and isinstance(value, str) else None
        suggestion = f"write {{{choice}: {word(str(value))}}}" if choice else None
    elif kind != "value_error":
        message = f"{message}, found {shown(value)}"
    return whole.fault(path, message, suggestion)


def _elsewhere(whole: Composed, path: Key) -> str | None:
    """Return the help for a key of a model or device that its profile might have given."""
    asked = whole.profiles.get(path[:-1])
    return f"it is neither here nor in profile {word(asked)}" if asked else None


def _written(whole: Composed, loc: Key) -> Key:
    """Return the part of a pydantic location that is a key path: unions add words of their own."""
    path: Key = ()
    data: Any = whole.data
    for place, part in enumerate(loc):
        last = place == len(loc) - 1
        if isinstance(data, dict) and part != "[key]" and (part in data or last):
            path, data = (*path, part), data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            path, data = (*path, part), data[part]
    return path
