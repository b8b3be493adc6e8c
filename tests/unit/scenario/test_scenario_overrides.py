"""Single keys set to another value, and what is wrong with that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from toy import toy

from simran.errors import ScenarioError
from simran.scenario import Scenario, load


def _dotted() -> dict[str, Any]:
    document = toy()
    document["models"]["v2.7b"] = document["models"].pop("m")
    document["agents"]["a"]["model"] = "v2.7b"
    return document


@pytest.mark.parametrize(
    ("text", "read", "value"),
    [
        ("agents.a.count=5", lambda it: it.groups["a"].count, 5),
        (" agents.a.count = 5 ", lambda it: it.groups["a"].count, 5),
        ("agents.a.budget.delay=2 s", lambda it: it.groups["a"].delay_budget_s, 2.0),
        ("agents.a.budget={delay: 250 ms}", lambda it: it.groups["a"].delay_budget_s, 0.25),
        (
            "agents.a.budget={delay: 250 ms}",
            lambda it: it.groups["a"].energy_budget_j,
            float("inf"),
        ),
        ("agents.a.budget.energy=", lambda it: it.groups["a"].energy_budget_j, float("inf")),
        ("agents.a.budget.energy=null", lambda it: it.groups["a"].energy_budget_j, float("inf")),
        ("network.links[0].delay=3 ms", lambda it: it.links[0].delay_s, 3e-3),
        ("models.m.blocks[1].flops=7 GFLOP", lambda it: it.models["m"].blocks[1].flops, 7e9),
        ("models.m.bits=[4,8]", lambda it: it.models["m"].bits, (4, 8)),
        ("models.m.size.law=exponential", lambda it: it.models["m"].size.law, "exponential"),
        ("allocator.options={a: b=c}", lambda it: it.allocator.options, {"a": "b=c"}),
        ("allocator.options.deep={}", lambda it: it.allocator.options, {"deep": {}}),
        ("devices.edge.switching.delay=1 ms", lambda it: it.servers, None),
        ("name=off", lambda it: it.name, "off"),
        ("description='5'", lambda it: it.description, "5"),
    ],
)
def test_a_key_is_set(text: str, read: Any, value: Any) -> None:
    found = read(load(toy(), [text]))
    assert found == value if value is not None else found


def test_the_last_one_counts() -> None:
    assert load(toy(), ["seed=3", "seed=4"]).seed == 4
    assert load(toy(), ["seed=3"], seed=9).seed == 9


def test_a_new_group_is_added_as_a_whole() -> None:
    given = "agents.b={device: robot, model: m, arrivals: {rate: 1 Hz}}"
    assert list(load(toy(), [given]).groups) == ["a", "b"]


def test_a_name_with_dots_is_found() -> None:
    scenario: Scenario = load(_dotted(), ["models.v2.7b.split=body", "models.v2.7b.bits=[8]"])
    assert scenario.models["v2.7b"].split == "body"
    assert scenario.models["v2.7b"].bits == (8,)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("agents.b.count=5", "agents.b: there is no such key (known: a)"),
        ("agnts.a.count=5", "agnts: there is no such key (did you mean 'agents'?)"),
        ("agents.a.cuont=5", "agents.a.cuont: unknown key 'cuont' (did you mean 'count'?)"),
        ("agents.a.count=-1", "agents.a.count: expected at least 1, found -1"),
        ("agents.a.count.x=1", "agents.a.count.x: there is no such key"),
        ("agents.a.device.x.y=1", "agents.a.device.x: there is no such key"),
        ("network.links[3].rate=1", "network.links[3]: there is no such key"),
        ("network.links[3]=1", "network.links[3]: there is no entry 3"),
        ("network.links.x=1", "network.links.x: there is no entry x"),
        ("network[0]=1", "network[0]: there is no such key"),
        ("agents.a.count", "expected PATH=VALUE, such as agents.robot.count=3"),
        ("=5", "expected PATH=VALUE, such as agents.robot.count=3"),
        (".=5", "expected PATH=VALUE, such as agents.robot.count=3"),
        ("", "expected PATH=VALUE, such as agents.robot.count=3"),
        ("seed=[1", "is not valid YAML"),
        ("seed=!!int 5", "tags such as '!!int' are not part of a scenario"),
        ("seed=# five", "is empty"),
        ("agents.a.count=*x", "there is no anchor 'x' before it"),
        ("allocator.name=exakt", "allocator.name: there is no allocator 'exakt'"),
        ("extends=other.yaml", "extends: unknown key 'extends'"),
    ],
)
def test_what_cannot_be_set(text: str, fault: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(toy(), [text])
    assert len(caught.value.faults) == 1
    assert str(caught.value).startswith(f"--set {text}: {fault}")


def test_all_faults_of_all_overrides_come_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        load(toy(duration=None), ["agents.b.count=5", "seed=x", "warmup"])
    assert [fault.path for fault in caught.value.faults] == ["", "agents.b", "seed", ""]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("devices.robot.f_max=-1", "devices.robot.f_max: expected above 0, found -1"),
        ("devices.robot.powr=3", "devices.robot.powr: unknown key 'powr'"),
        ("devices.robot.powr.idle=3", "devices.robot.powr: unknown key 'powr'"),
        ("models.m.bits.min=0", "models.m.bits: expected whole numbers 1 <= min <= max <= 64"),
        ("models.m.bits={min: 0}", "models.m.bits: expected whole numbers 1 <= min <= max <= 64"),
        ("models.m.reference_bits=8", "models.m.bits: bit-width 16 lies above reference_bits, 8"),
        ("models.m.parameters=10", "models.m.parameters: the blocks have"),
        ("models.m.blocks[0].flops=1", "models.m.blocks: has no entries here (they are in profile"),
        ("duration=1 s", "warmup: expected less than the duration"),
    ],
)
def test_what_an_override_brings_about_is_its_fault(text: str, fault: str) -> None:
    profiles = {
        "models__m": {"profile": "blip2-opt-2.7b"},
        "devices__robot": {"profile": "paper-agent"},
    }
    document = toy(**profiles, warmup=50)
    load(document)
    with pytest.raises(ScenarioError) as caught:
        load(document, ["agents.a.count=2", text])
    (found,) = caught.value.faults
    assert str(found).startswith(f"--set {text}: {fault}")


def test_faults_of_the_file_keep_their_place(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    path.write_text(yaml.safe_dump(toy(warmup="5 J")))
    with pytest.raises(ScenarioError) as caught:
        load(path, ["agents.a.count=0"])
    places = [(it.path, Path(it.file).name, it.line > 0) for it in caught.value.faults]
    assert sorted(places) == [
        ("agents.a.count", "--set agents.a.count=0", False),
        ("warmup", "it.yaml", True),
    ]


def test_any_mapping_of_a_profile_may_be_opened() -> None:
    document = toy(models__m={"profile": "blip2-opt-2.7b", "split": "q-former"})
    scenario = load(document, ["models.m.quality.reference=2.5"])
    assert scenario.models["m"].quality is not None
    assert scenario.models["m"].quality.reference == 2.5
