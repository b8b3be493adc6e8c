"""Whatever is done to a scenario, reading it gives a sound scenario or faults, never anything else."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import toy

from simran.catalog import parse_document, scenario_path
from simran.errors import Fault, ScenarioError
from simran.scenario import Scenario, load

SOUND = Path(__file__).parents[1] / "contract" / "broken" / "sound.yaml"
#: Files to start from: a small one, and shipped ones with profiles, states and traces of the catalogue.
TEXTS = [
    SOUND.read_text(),
    scenario_path("warehouse_contention").read_text(),
    scenario_path("paper_git_vatex").read_text(),
    scenario_path("template").read_text(),
]
WORDS = [
    "simran", "name", "m", "a", "robot", "edge", "head", "unlimited", "continuous", "auto", "once", "off",
    "null", "true", "1:30", ".nan", ".inf", "1e400", "1e-28", "0", "-1", "3 s", "2 GHz", "5 W", "1_000",
    "trace", "gamma", "closed-loop", "allocated", "ps", "profile", "paper-agent", "extends", "/dev/zero",
    "../x.yaml", "jetson-agx-orin-64gb", "{}", "[]", "*a", "&a", "!!int", "<<", "? ", "- ", ": ", "#", "'",
    '"', "\t", "\n", "\n  ", "|", ">", "%", "@", "\x00", "\ud7ff", "é", "---", "...", "{", "}", "[", "]",
]  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(max_size=5),
    st.sampled_from(
        [[], {}, [1, 2], {"a": 1}, [[]], [{"name": "x"}], {"rate": 1}, {"profile": "x"}]
    ),
)


def _read(source: Any, *overrides: str) -> None:
    """Read, and accept nothing but soundness or faults that say what and where."""
    try:
        scenario = load(source, overrides)
    except ScenarioError as error:
        faults = error.faults
    else:
        _sound(scenario)
        return
    assert faults
    for fault in faults:
        _sound_fault(fault)


def _sound_fault(fault: Fault) -> None:
    text = str(fault)
    assert fault.message
    assert text.isprintable(), text
    assert len(text) < 2000
    text.encode()


def _sound(scenario: Scenario) -> None:
    assert scenario.seed >= 0
    assert (scenario.duration_s is None) != (scenario.requests is None)
    if scenario.duration_s is not None:
        assert 0.0 <= scenario.warmup_s < scenario.duration_s < math.inf
    graph = scenario.graph()
    for group in scenario.groups.values():
        model = scenario.models[group.model]
        assert group.count >= 1
        assert graph.has_node(group.cell)
        assert graph.has_node(group.server)
        assert model.split == "auto" or model.split in {block.name for block in model.blocks}
        assert model.bits == tuple(sorted(set(model.bits)))
        assert model.reference_bits >= model.bits[-1]
        assert all(block.flops > 0 and block.output_bits > 0 for block in model.blocks)
        assert math.isfinite(group.processor.power.dynamic_w(group.processor.f_max_hz))
    for server in scenario.servers.values():
        assert server.processor.can_run_at(server.processor.f_max_hz)
        assert math.isfinite(server.processor.power.dynamic_w(server.processor.f_max_hz))
    assert all(cell.rate_bps > 0 for cell in scenario.cells.values())
    json.dumps(scenario.document, allow_nan=False)


def _paths(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in entries:
        yield (*at, key)
        if isinstance(value, (dict, list)):
            yield from _paths(value, (*at, key))


def _mutated(data: Any, draw: st.DataObject) -> Any:
    """Return data with one key deleted, renamed, moved, or of another value."""
    data = copy.deepcopy(data)
    paths = list(_paths(data))
    if not paths:
        return data
    path = draw.draw(st.sampled_from(paths))
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    how = draw.draw(st.sampled_from(["delete", "rename", "replace", "copy", "insert"]))
    if how == "delete":
        del holder[path[-1]]
    elif how == "rename" and isinstance(holder, dict):
        holder[draw.draw(st.one_of(st.sampled_from(WORDS), st.text()))] = holder.pop(path[-1])
    elif how == "copy":
        other: Any = data
        for key in draw.draw(st.sampled_from(paths)):
            other = other[key]
        holder[path[-1]] = copy.deepcopy(other)
    elif how == "insert" and isinstance(holder, dict):
        holder[draw.draw(st.one_of(st.sampled_from(WORDS), st.text()))] = draw.draw(VALUES)
    else:
        holder[path[-1]] = draw.draw(VALUES)
    return data


BASES = [toy(), *(yaml.safe_load(text) for text in TEXTS)]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutated_data(draw: st.DataObject) -> None:
    data = draw.draw(st.sampled_from(BASES))
    for _ in range(draw.draw(st.integers(1, 3))):
        data = _mutated(data, draw)
    _read(data)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutated_text(tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject) -> None:
    text = draw.draw(st.sampled_from(TEXTS))
    for _ in range(draw.draw(st.integers(1, 3))):
        start = draw.draw(st.integers(0, len(text)))
        removed = draw.draw(st.integers(0, 12))
        fresh = draw.draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)))
        text = text[:start] + fresh + text[start + removed :]
    path = tmp_path_factory.getbasetemp() / "mutated.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    _read(path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_overrides_of_any_kind(draw: st.DataObject) -> None:
    data = toy()
    names = [".".join(map(str, path)) for path in _paths(data)]
    key = draw.draw(st.one_of(st.sampled_from(names), st.text(max_size=8)))
    value = draw.draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)))
    _read(data, f"{key}={value}")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    _read(path)


#: Without what YAML folds or refuses even in quotes.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs", "Zl", "Zp"]))
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**18) + 1, 10**18 - 1), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(PLAIN)
def test_what_json_writes_is_read_back(data: Any) -> None:
    assert parse_document(json.dumps(data, ensure_ascii=False), "f").data == data
