"""From a file, a name or a mapping to a scenario; parents, profiles, paths."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from toy import toy

from simran.catalog import scenario_names
from simran.errors import ScenarioError
from simran.scenario import load, load_with_places

SOUND = Path(__file__).parents[2] / "contract" / "broken"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder that holds a sound scenario, a profile and a trace."""
    for name in ("sound.yaml", "sound_model.yaml", "times.csv"):
        shutil.copy(SOUND / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _faults(source: object, *overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(source, overrides)  # type: ignore[arg-type]
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_is_sound_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(name) == load(f"{name}.yaml")


def test_a_file_is_read_with_its_units(folder: Path) -> None:
    scenario = load("sound.yaml")
    assert (scenario.name, scenario.duration_s, scenario.requests) == ("sound", 60.0, None)
    group = scenario.groups["a"]
    assert group.transmit_w == pytest.approx(10**2.3 / 1000 / 0.3)
    assert (group.delay_budget_s, group.energy_budget_j) == (1.0, 2.0)
    assert (group.cell, group.server) == ("cell", "server")
    head, pool, _ = scenario.models["m"].blocks
    assert (head.flops, head.output_bits) == (1e9, 20 * 1024 * 8)
    assert (pool.parameters, pool.output_bits) == (0.0, 16_000.0)
    assert scenario.servers["server"].processor.power.dynamic_w(1e9) == pytest.approx(0.1)
    assert load(folder / "sound.yaml") == load(str(folder / "sound.yaml"))


def test_a_mapping_is_read_and_left_alone() -> None:
    document = toy(agents__a__count=np.int64(4), duration=np.float64(30))
    before = json.dumps(document, default=str)
    scenario = load(document, ["agents.a.weight=2"])
    assert json.dumps(document, default=str) == before
    assert (scenario.groups["a"].count, scenario.groups["a"].weight) == (4, 2.0)
    assert json.loads(json.dumps(scenario.document))["duration"] == 30.0


def test_a_mapping_that_is_no_data() -> None:
    assert _faults(toy(agents__a__count={1})) == [
        "the scenario expected numbers, texts, lists and mappings, found {1}"
    ]


def test_faults_of_a_mapping_have_their_key_path() -> None:
    assert _faults(toy(agents__a__count=0)) == ["agents.a.count: expected at least 1, found 0"]
    assert _faults(toy(duration=math.nan)) == [
        "duration: expected a time that is finite, found nan"
    ]


def test_a_seed_is_kept_to_the_last_digit(folder: Path) -> None:
    assert load("sound.yaml", seed=2**53 + 1).seed == 2**53 + 1
    assert load(toy(seed=2**60 + 1)).seed == 2**60 + 1
    assert _faults("sound.yaml", "seed=-1") == [
        "--set seed=-1: seed: expected at least 0, found -1"
    ]


def test_a_name_that_is_no_file(folder: Path) -> None:
    assert _faults("warehouse_contentoin") == [
        "warehouse_contentoin: cannot be read: No such file or directory"
        " (did you mean 'warehouse_contention'?)"
    ]
    assert _faults("nowhere/none.yaml") == [
        "nowhere/none.yaml: cannot be read: No such file or directory"
    ]
    assert _faults("x" * 400) == [f"{'x' * 400}: cannot be read: File name too long"]
    assert _faults(".") == [".: is a folder, expected a file"]


def test_extends_merges_mappings_and_replaces_lists(folder: Path) -> None:
    (folder / "child.yaml").write_text(
        "extends: sound.yaml\n"
        "name: child\n"
        "models:\n"
        "  m:\n"
        "    bits: [4, 8]\n"
        "    blocks: [{name: only, flops: 1 GFLOP, parameters: 1, output: 1 B}]\n"
        "    split: only\n"
        "agents:\n"
        "  a: {count: 7, budget: {delay: null}}\n"
        "  b: {device: robot, model: m, arrivals: {rate: 1}}\n"
    )
    scenario = load("child.yaml")
    assert scenario.name == "child"
    assert [block.name for block in scenario.models["m"].blocks] == ["only"]
    assert scenario.models["m"].bits == (4, 8)
    group = scenario.groups["a"]
    assert (group.count, group.delay_budget_s, group.energy_budget_j) == (7, math.inf, 2.0)
    assert list(scenario.groups) == ["a", "b"]
    assert scenario.duration_s == 60.0


def test_extends_over_three_files_each_with_its_own_folder(folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    shutil.move("sound_model.yaml", folder / "deep" / "er" / "model.yaml")
    shutil.move("times.csv", folder / "deep" / "times.csv")
    (folder / "deep" / "er" / "base.yaml").write_text(
        "extends: ../../sound.yaml\nmodels: {mine: {profile: model.yaml, split: head}}\n"
    )
    (folder / "deep" / "middle.yaml").write_text(
        "extends: er/base.yaml\n"
        "agents:\n"
        "  a:\n"
        "    arrivals: {process: trace, rate: null, file: times.csv, column: time}\n"
    )
    (folder / "top.yaml").write_text("extends: deep/middle.yaml\nagents: {a: {model: mine}}\n")
    scenario = load("top.yaml")
    assert scenario.groups["a"].arrivals.trace_s == (0.5, 1.5, 9.0)
    assert len(scenario.models["mine"].blocks) == 2
    (folder / "deep" / "er" / "model.yaml").write_text("parameters: many\n")
    faults = _faults("top.yaml")
    assert faults[-1].startswith("deep/er/model.yaml:1:1: models.mine.parameters: expected a plain")
    assert _faults("deep/middle.yaml") == [
        "deep/er/base.yaml:1:1: extends: '../../sound.yaml' leads out of the scenario's folder"
    ]


def test_a_fault_stands_where_the_value_was_written_last(folder: Path) -> None:
    (folder / "child.yaml").write_text("extends: sound.yaml\nwarmup: 61 s\n")
    assert _faults("child.yaml")[0].startswith("child.yaml:2:1: warmup")
    (folder / "child.yaml").write_text("extends: sound.yaml\ndescription: x\n")
    faults = _faults("child.yaml", "agents.a.device=tank")
    assert faults == [
        "--set agents.a.device=tank: agents.a.device: there is no device 'tank' (known: edge, robot)"
    ]
    text = (folder / "sound.yaml").read_text()
    (folder / "sound.yaml").write_text(text.replace("count: 2", "count: 0"))
    assert _faults("child.yaml") == [
        "sound.yaml:26:5: agents.a.count: expected at least 1, found 0"
    ]


def test_the_paths_of_a_mapping_start_in_the_working_folder_and_lead_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"process": "trace", "file": "times.csv", "column": "time"}
    document = toy(agents__a__arrivals=given)
    assert load(document).groups["a"].arrivals.trace_s == (0.5, 1.5, 9.0)
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    for file in ("../times.csv", str(folder / "times.csv"), folder / "times.csv"):
        document = toy(agents__a__arrivals={**given, "file": file})
        assert load(document).groups["a"].arrivals.trace_s == (0.5, 1.5, 9.0)
    extended = load({"extends": str(folder / "sound.yaml"), "name": "mine"})
    assert (extended.name, extended.duration_s) == ("mine", 60.0)
    document = toy(models__m={"profile": str(folder / "sound_model.yaml"), "split": "head"})
    assert len(load(document).models["m"].blocks) == 2


def test_what_is_set_by_hand_may_lead_anywhere(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy("sound.yaml", elsewhere / "sound.yaml")
    given = f"{{process: trace, file: {folder / 'times.csv'}, column: time}}"
    scenario = load(elsewhere / "sound.yaml", [f"agents.a.arrivals={given}"])
    assert scenario.groups["a"].arrivals.trace_s == (0.5, 1.5, 9.0)


def test_links_within_the_folder_are_followed(folder: Path, tmp_path_factory) -> None:
    data = tmp_path_factory.mktemp("data")
    shutil.move("times.csv", data / "times.csv")
    (folder / "times.csv").symlink_to(data / "times.csv")
    (folder / "child.yaml").write_text(
        "extends: sound.yaml\n"
        "agents: {a: {arrivals: {process: trace, rate: null, file: ./times.csv, column: time}}}\n"
    )
    assert load("child.yaml").groups["a"].arrivals.trace_s == (0.5, 1.5, 9.0)


def test_a_chain_of_parents_has_an_end(folder: Path) -> None:
    for number in range(30):
        (folder / f"p{number}.yaml").write_text(f"extends: p{number + 1}.yaml\n")
    shutil.copy("sound.yaml", "p30.yaml")
    assert _faults("p0.yaml")[0].endswith("extends: extends more than 20 files")
    assert load("p10.yaml").name == "sound"


def test_a_missing_key_of_a_profile_is_told_with_the_profile(folder: Path) -> None:
    (folder / "model.yaml").write_text("parameters: 1\ninput: 1 B\n")
    (folder / "child.yaml").write_text(
        "extends: sound.yaml\nmodels:\n  mine: {profile: model.yaml}\n"
    )
    assert _faults("child.yaml") == [
        f"child.yaml:3:3: models.mine.{key}: is required and missing"
        " (it is neither here nor in profile model.yaml)"
        for key in ("weights", "blocks")
    ]


def test_the_scenario_speaks_before_the_profile(folder: Path) -> None:
    (folder / "child.yaml").write_text(
        "extends: sound.yaml\n"
        "devices:\n"
        "  robot: {profile: paper-agent, f_max: 1.5 GHz, power: {idle: 2 W}, flops_per_cycle: 16}\n"
    )
    # What the parent says of a robot stays too: its dynamic power is the scenario's word.
    processor = load("child.yaml").groups["a"].processor
    assert (processor.f_max_hz, processor.flops_per_cycle) == (1.5e9, 16.0)
    assert processor.power.idle_at_w(1e9) == 2.0
    assert processor.power.dynamic_w(1e9) == pytest.approx(1.0)


def test_the_document_knows_the_places(folder: Path) -> None:
    scenario, document = load_with_places("sound.yaml")
    assert document.mark(("agents", "a", "budget", "delay")).line == 31
    assert scenario == load("sound.yaml")


def test_faults_come_once_in_the_order_of_the_file_and_not_without_end(folder: Path) -> None:
    groups = "".join(f"  g{number}: {{}}\n" for number in range(300))
    (folder / "many.yaml").write_text("extends: sound.yaml\nagents:\n" + groups)
    faults = _faults("many.yaml")
    assert len(faults) == 101
    assert faults[-1].endswith("more faults are not shown")
    lines = [int(fault.split(":")[1]) for fault in faults[:-1]]
    assert lines == sorted(lines)
    assert len(set(faults)) == len(faults)
