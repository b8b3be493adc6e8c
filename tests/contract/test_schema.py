"""The JSON Schema says of a file what simran says of it, as far as a schema can."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from toy import toy

from simran.catalog import parse_document, read_document
from simran.scenario import json_schema, load
from simran.scenario.doubts import BOUNDS
from simran.scenario.draft7 import below, reader
from simran.scenario.fields import Quantity
from simran.scenario.keys import keys
from simran.scenario.schema import ScenarioSpec
from simran.units import DIMENSIONS, parse, pattern

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
VALIDATOR = jsonschema.Draft7Validator(json_schema())


def _faults(document: Any) -> list[str]:
    return [f"{list(it.absolute_path)}: {it.message}" for it in VALIDATOR.iter_errors(document)]


def test_it_is_a_draft_7_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_shipped_scenarios_are_valid(path: Path) -> None:
    assert _faults(read_document(path, path.name).data) == []


def test_the_command_prints_it() -> None:
    command = [sys.executable, "-m", "simran", "schema"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(json_schema()))


WRONG: list[tuple[str, Any]] = [
    ("agents__a__count", 0),
    ("agents__a__count", "many"),
    ("agents__a__colour", "red"),
    ("agents__a__budget__delay", "2 J"),
    ("agents__a__arrivals__process", "poison"),
    ("allocator__headroom", 1.0),
    ("allocator__every", "sometimes"),
    ("devices__robot__power__exponent", 1),
    ("devices__robot__frequencies", []),
    ("models__m__bits", {"least": 1}),
    ("models__m__bits", [0, 4]),
    ("models__m__blocks", []),
    ("models__m__quantizer", "nearest"),
    ("models__m__size", {"law": "normal"}),
    ("network__cells__cell__channel__rate", "fast"),
    ("network__cells__cell__channel__fading", "rayleigh"),
    ("network__links", [{"between": ["cell"]}]),
    ("devices__edge__states", [{"frequency": "1 J"}]),
    ("devices__edge__states", [{"busy": "1 W"}]),
    ("simran", 2),
    ("outputs__trace", True),
    ("agents", None),
    ("models__m__weights", None),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_both_refuse_what_is_wrong(path: str, value: Any) -> None:
    document = toy(**{path: value})
    assert _faults(document) != []
    with pytest.raises(Exception, match=re.escape(path.rpartition("__")[2])):
        load(document)


RIGHT: list[tuple[str, Any]] = [
    ("outputs__trace", False),
    ("network__clouds", {}),
    ("models__m__bits", [4, 8, 32]),
    ("models__m__bits", {"min": 2}),
    ("devices__edge__frequencies", ["1 GHz", 2e9]),
    ("network__cells__cell__channel__rate", "unlimited"),
    ("allocator__every", "250 ms"),
    ("agents__a__transmit__power", "23 dBm"),
    ("network__servers__server__workers", 2),
]


@pytest.mark.parametrize(("path", "value"), RIGHT)
def test_both_accept_what_is_right(path: str, value: Any) -> None:
    document = toy(**{path: value})
    assert _faults(document) == []
    load(document)


def test_a_child_may_leave_out_what_its_parent_has() -> None:
    child = {"extends": "other.yaml", "agents": {"a": {"count": 3}}}
    assert _faults(child) == []
    assert _faults({"agents": {"a": {"count": 3}}}) != []
    assert _faults(child | {"agents": {"a": {"cuont": 3}}}) != []


def _paths(model: type[BaseModel], at: str = "") -> Iterator[str]:
    """Yield the key path of every field, ``*`` for a name and ``[]`` for an entry."""
    for name, field in model.model_fields.items():
        path = f"{at}.{name}" if at else name
        yield path
        for inner, step in below(field.annotation):
            yield from _paths(inner, path + step)


def _is_inner(path: str) -> bool:
    """Say whether a path is part of a value that has one description as a whole."""
    inner = r"\.(output\.elements|flops\.(base|per_frame|per_frame_squared))$"
    return ".modes.*." in path or re.search(inner, path) is not None


def test_every_key_has_its_meaning_and_an_example() -> None:
    fields = {path for path in _paths(ScenarioSpec) if not _is_inner(path)}
    known = {path for path in keys() if not path.endswith(".*")}
    assert fields - known == set()
    assert known - fields == set()


def _nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, it in node.get("properties", {}).items():
            yield f"{path}.{name}", it
        for key, it in node.items():
            yield from _nodes(it, f"{path}/{key}")
    elif isinstance(node, list):
        for place, it in enumerate(node):
            yield from _nodes(it, f"{path}/{place}")


def test_every_property_is_described_and_its_examples_are_valid() -> None:
    properties = list(_nodes(json_schema()))
    assert len(properties) > 200
    assert [path for path, it in properties if not it.get("description")] == []
    for path, it in properties:
        for example in it.get("examples", []):
            if "enum" in it and example not in it["enum"]:
                raise AssertionError(f"{path}: {example!r} is none of {it['enum']}")
            found = [error.message for error in jsonschema.Draft7Validator(it).iter_errors(example)]
            assert found == [], f"{path}: {example!r}"


def _fields(model: type[BaseModel], at: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        path = f"{at}.{name}" if at else name
        yield path, field
        for inner, step in below(field.annotation):
            yield from _fields(inner, path + step)


READ = {path: read for path, it in _fields(ScenarioSpec) if (read := reader(it)) is not None}


@pytest.mark.parametrize("path", sorted(READ))
def test_examples_are_read_and_fit_their_own_key(path: str) -> None:
    """Of the reference, and of the message where something else was found."""
    read = READ[path]
    key = keys().get(path) or keys().get(path.replace(".modes.*.", "."))
    if key is not None:
        read(parse_document(key.example, "example").data)
    if isinstance(read, Quantity):
        read(read.example or DIMENSIONS[read.dimension].example)


def test_examples_are_not_doubted() -> None:
    for path, bounds in BOUNDS.items():
        text = ".".join(path).replace(".*", "[]") if path[0] == "network" else ".".join(path)
        spelt = text.replace("cells[]", "cells.*").replace("states.*", "states[]")
        key = keys().get(spelt.replace("blocks.*", "blocks[]").removesuffix(".*"))
        assert key is not None, path
        examples = parse_document(key.example, "example").data
        for number in examples if isinstance(examples, list) else [examples]:
            if isinstance(number, (int, float)):
                assert bounds.least <= number <= bounds.most, path


def test_an_editor_is_told_what_is_expected() -> None:
    rate = json_schema()["definitions"]["whole"]["properties"]["agents"]["additionalProperties"]
    rate = rate["properties"]["arrivals"]["properties"]["rate"]
    constant = rate["anyOf"][0]
    assert constant["patternErrorMessage"] == "Expected a frequency above 0, such as 0.05 Hz"


@pytest.mark.parametrize(
    ("path", "name", "legal"),
    [
        ("models__m", "blip2-opt-2.7b", True),
        ("models__m", "blip2-opt-2.7", False),
        ("models__m", "./mine.yaml", True),
        ("models__m", "mine.yml", True),
        ("models__m", "paper-agent", False),
        ("devices__robot", "paper-agent", True),
        ("devices__robot", "paper-agnet", False),
    ],
)
def test_profiles_are_names_of_the_catalogue_or_files(path: str, name: str, legal: bool) -> None:
    assert (_faults(toy(**{path: {"profile": name}})) == []) is legal


@pytest.mark.parametrize("dimension", sorted(DIMENSIONS))
def test_patterns_follow_the_units(dimension: str) -> None:
    texts = [DIMENSIONS[it].example for it in DIMENSIONS] + [
        "1e-3",
        "-2",
        "3 ",
        "4 kB",
        "5 Kis",
        "x",
    ]
    for text in texts:
        try:
            parse(text, dimension)
            legal = True
        except ValueError:
            legal = False
        assert (re.search(pattern(dimension), text) is not None) is legal, text
