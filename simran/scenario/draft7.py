"""The scenario language as JSON Schema (draft 7), for editors and other programs."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from simran.catalog import device_names, model_names, parse_scalar
from simran.scenario import choices_schema, fields, model_schema, quantizer_schema, schema
from simran.scenario.fields import Quantity, WholeNumber
from simran.scenario.keys import keys
from simran.scenario.later import LATER_KEYS
from simran.scenario.quantizer_schema import QuantizerSpec
from simran.scenario.varying_schema import ChannelSpec, ScheduleSpec
from simran.units import pattern

__all__ = ["below", "fragment", "json_schema", "reader"]

Json = dict[str, Any]

_SCALAR = {"type": ["string", "number"]}


def json_schema() -> Json:
    """Return the JSON Schema of a scenario file.

    A file that extends another may leave out what that one has, so nothing is required of it; nor of
    a model or device that names a profile.

    Examples
    --------
    >>> json_schema()["$schema"]
    'http://json-schema.org/draft-07/schema#'
    """
    whole, part = (_object(schema.ScenarioSpec, "", strict) for strict in (True, False))
    parent = {
        "type": "string",
        "description": "file to build on: mappings merge, all else replaces",
    }
    part["properties"] = {"extends": parent, **part["properties"]}
    part["required"] = ["extends"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "simran scenario",
        "description": "A scenario of simran, version 1 of the language.",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/definitions/part"},
        "else": {"$ref": "#/definitions/whole"},
        "definitions": {"whole": whole, "part": part},
    }


def _object(model: type[BaseModel], path: str, strict: bool) -> Json:
    properties, required = {}, []
    for name, field in model.model_fields.items():
        at = f"{path}.{name}" if path else name
        properties[name] = _described(_field(field, at, strict), at)
        if field.is_required():
            required.append(name)
    for later, defaults in LATER_KEYS:
        *parents, name = later
        if ".".join(parents) == path:
            about = "not in this version; only its default is accepted"
            properties[name] = {"enum": [None, *defaults], "description": about}
    found: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if strict and required:
        found["required"] = required
    if strict and model is ChannelSpec:
        found["anyOf"] = [{"required": [name]} for name in ("rate", "states", "trace")]
    return found


def _choice(model: type[BaseModel], path: str, strict: bool) -> Json:
    """Return an object; one that may name a profile has all that is required, or names one."""
    if not strict or "profile" not in model.model_fields:
        return _object(model, path, strict)
    return {
        "if": {"required": ["profile"]},
        "then": _object(model, path, False),
        "else": _object(model, path, True),
    }


def _described(found: Json, path: str) -> Json:
    # What a mode may hold means there what it means in the device.
    key = keys().get(path) or keys().get(path.replace(".modes.*.", "."))
    if key is None:
        return found
    return {**found, "description": key.meaning, "examples": [_value(key.example)]}


def _value(text: str) -> Any:
    """Return an example as the language reads it."""

    def read(node: yaml.Node | None) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {str(key.value): read(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [read(item) for item in node.value]
        text = str(getattr(node, "value", ""))
        return parse_scalar(text) if getattr(node, "style", None) is None else text

    return read(yaml.compose(text, Loader=yaml.SafeLoader))


def _field(field: FieldInfo, path: str, strict: bool) -> Json:
    if path in {"models.*.profile", "devices.*.profile"}:
        return _profile_of(path.partition(".")[0])
    if path.endswith(".quantizer") and path.count(".") == 2:
        names = get_args(QuantizerSpec.model_fields["kind"].annotation)
        return _or({"enum": list(names)}, _object(QuantizerSpec, path, strict))
    if path.endswith(".arrivals.rate"):
        constant = Quantity("frequency", above=0.0, example="0.05 Hz")
        return _or(_quantity(constant), _object(ScheduleSpec, path, True))
    read = reader(field)
    if read is not None:
        return fragment(read)
    if path.endswith("power.dynamic"):
        return _DYNAMIC
    found = _type(field.annotation, path, strict)
    for item in field.metadata:
        least = getattr(item, "min_length", None)
        if least is not None and "type" in found:
            found |= {"minProperties" if found["type"] == "object" else "minItems": least}
        most = getattr(item, "max_length", None)
        if most is not None:
            found |= {"maxItems": most}
    return found


def _type(annotation: Any, path: str, strict: bool) -> Json:  # noqa: PLR0911
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        rest = [it for it in arguments if it is not type(None)]
        return _type(rest[0], path, strict)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _choice(annotation, path, strict)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is dict:
        below = _type(arguments[1], f"{path}.*", strict)
        return {"type": "object", "additionalProperties": _described(below, f"{path}.*")}
    if origin is tuple:
        # lists replace, so an entry must be whole even in a file that extends another
        return {"type": "array", "items": _type(arguments[0], f"{path}[]", True)}
    for item in getattr(annotation, "__metadata__", ()):
        if isinstance(item, BeforeValidator):
            return fragment(item.func)
    inner = getattr(annotation, "__origin__", None)
    return _type(inner, path, strict) if hasattr(annotation, "__metadata__") else {}


def reader(field: FieldInfo) -> Callable[..., Any] | None:
    """Return what reads a field, or None where its type says all."""
    optional = get_origin(field.annotation) in {Union, types.UnionType}
    choices = get_args(field.annotation) if optional else ()
    inner = [item for choice in choices for item in getattr(choice, "__metadata__", ())]
    for item in (*field.metadata, *inner):
        if isinstance(item, BeforeValidator):
            return item.func
    return None


def below(annotation: Any, step: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the parts of the language that a type holds, each with how a key path gets there.

    The step is ``""`` for a part itself, ``.*`` for one by name, ``[]`` for one in a list.
    """
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, step
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        yield from below(arguments[1], step + ".*")
    elif origin is tuple:
        yield from below(arguments[0], step + "[]")
    elif origin in {Union, types.UnionType}:
        for argument in arguments:
            yield from below(argument, step)


def fragment(reader: Callable[..., Any]) -> Json:
    """Return the JSON Schema of what a reader of the language accepts.

    Raises
    ------
    KeyError
        for a reader that is not known here
    """
    if isinstance(reader, Quantity):
        return _quantity(reader)
    if isinstance(reader, WholeNumber):
        bounds = {"minimum": reader.least, "maximum": reader.most}
        return {"type": "integer", **{name: it for name, it in bounds.items() if it is not None}}
    return _READERS[reader]


def _quantity(reader: Quantity) -> Json:
    bounds = {
        "exclusiveMinimum": reader.above,
        "minimum": reader.least,
        "maximum": reader.most,
        "exclusiveMaximum": reader.below,
    }
    said = f"Expected {reader.described}"
    return {
        # Bounds speak of numbers, the pattern of texts; editors show the last two.
        "type": ["number", "string"],
        **{name: it for name, it in bounds.items() if it is not None},
        "pattern": pattern(reader.dimension),
        "patternErrorMessage": said,
        "errorMessage": said,
    }


def _or(*choices: Json) -> Json:
    """Return what allows any of several; editors say of each what all of them are."""
    said = [str(it.get("errorMessage", "")) for it in choices]
    words = [f"{' or '.join(it['enum'])}" for it in choices if "enum" in it]
    text = next((it for it in said if it), "Expected another value")
    text = f"{text}, or {', '.join(words)}" if words else text
    messages = {"errorMessage": text}
    found = []
    for it in choices:
        more = {"patternErrorMessage": text} if "pattern" in it else {}
        found.append({**it, **messages, **more})
    return {"anyOf": found}


def _profile_of(kind: str) -> Json:
    """Return the names of the catalogue, and the paths of files."""
    names = {"models": model_names, "devices": device_names}[kind]()
    text = f"Expected a file such as ./my_{kind[:-1]}.yaml, or a name of the catalogue: {', '.join(names)}"
    file = {"type": "string", "pattern": r"/|\.ya?ml$", "patternErrorMessage": text}
    return {"anyOf": [{"enum": list(names), "errorMessage": text}, {**file, "errorMessage": text}]}


def _mapping(found: Json, **meanings: str) -> Json:
    properties = {name: {**found, "description": it} for name, it in meanings.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _one_or_more(found: Json) -> Json:
    return _or(found, {"type": "array", "items": found, "minItems": 1})


_WIDTH: Json = {"type": "integer", "minimum": 1, "maximum": 64}
_NUMERIC = _quantity(Quantity("number"))
_CLOCK = _quantity(Quantity("frequency", above=0.0))
_DYNAMIC: Json = {"type": ["number", "string"], "minimum": 0}
_FLOPS = _quantity(Quantity("flops", least=0.0))

_READERS: Mapping[Callable[..., Any], Json] = {
    fields._rate: _or({"enum": ["unlimited"]}, _quantity(Quantity("rate", above=0.0))),
    fields._bandwidth: _or({"enum": ["unlimited"]}, _quantity(Quantity("bandwidth", above=0.0))),
    fields._text: _SCALAR,
    fields._name: {**_SCALAR, "minLength": 1},
    fields._flag: {"type": "boolean"},
    schema._version: {"enum": [1]},
    schema._every: _or({"enum": ["once", "per-request"]}, _quantity(Quantity("time", above=0.0))),
    schema._decision_time: _or({"enum": ["measured"]}, _quantity(Quantity("time", least=0.0))),
    schema._frequencies: _or(
        {"enum": ["continuous"]}, {"type": "array", "items": _CLOCK, "minItems": 1}
    ),
    model_schema._bits: _or(
        _mapping(_WIDTH, min="least bit-width", max="largest bit-width"),
        {"type": "array", "items": _WIDTH, "minItems": 1},
        _WIDTH,
    ),
    model_schema._output: _or(
        _quantity(Quantity("data", above=0.0)),
        _mapping(_quantity(Quantity("number", above=0.0)), elements="sent at feature_bits each")
        | {"required": ["elements"]},
    ),
    model_schema._flops: _or(
        _quantity(Quantity("flops", above=0.0)),
        _mapping(
            _FLOPS,
            base="operations whatever the number of frames F",
            per_frame="operations times F",
            per_frame_squared="operations times F²",
        ),
    ),
    choices_schema._feature_bits: _one_or_more(_quantity(Quantity("number", above=0.0))),
    choices_schema._ratios: _one_or_more(_quantity(Quantity("number", least=0.0, below=1.0))),
    choices_schema._feature_errors: {
        "type": "object",
        "propertyNames": {"pattern": r"^[0-9]+(\.[0-9]+)?$"},
        "additionalProperties": _quantity(Quantity("number", least=0.0)),
        "minProperties": 1,
    },
    quantizer_schema._scale: _or({"enum": ["tensor", "row"]}, {"type": "integer", "minimum": 1}),
    quantizer_schema._errors: {
        "type": "object",
        "propertyNames": {"pattern": r"^[0-9]+$"},
        "additionalProperties": _quantity(Quantity("number", least=0.0)),
        "minProperties": 1,
    },
    model_schema._curve: {
        "type": "object",
        "propertyNames": {"pattern": r"^[0-9]+(\.[0-9]+)?$"},
        "additionalProperties": _NUMERIC,
        "minProperties": 1,
    },
}
