"""Where a scenario comes from: names that are nearly right, and manifests of earlier runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from toy import toy

from simran.engine import run
from simran.errors import ScenarioError
from simran.scenario import load


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder that holds the toy scenario and a thesis."""
    (tmp_path / "toy-cell.yaml").write_text(yaml.safe_dump(toy(duration=20)))
    (tmp_path / "thesis.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("toycell.yaml", "toy-cell.yaml"),
        ("toy-cell", "toy-cell.yaml"),
        ("toy-cell.yml", "toy-cell.yaml"),
        ("toy", "toy-cell.yaml"),
        ("./toy-cel.yaml", "toy-cell.yaml"),
        ("warehouse_contentoin.yaml", "warehouse_contention"),
        ("thesis", None),
        ("thesiss.yaml", None),
        ("none.yaml", None),
    ],
)
def test_only_near_names_are_suggested(folder: Path, name: str, meant: str | None) -> None:
    with pytest.raises(ScenarioError, match="No such file") as caught:
        load(name)
    (fault,) = caught.value.faults
    if meant:
        assert fault.suggestion == f"did you mean {meant!r}?"
    else:
        assert "did you mean" not in (fault.suggestion or "")


def test_a_manifest_runs_again_to_the_same_data(folder: Path) -> None:
    scenario = load("toy-cell.yaml", ["agents.a.count=2", "devices.robot.f_max=1.7 GHz"])
    first = run(scenario, seed=11, out=folder / "first")
    again = run(load("first/manifest.json"), out=folder / "again")
    assert again.manifest["seed"] == 11
    assert first.requests.equals(again.requests)
    assert len(first.requests) > 10
    assert (folder / "first/requests.parquet").read_bytes() == (
        folder / "again/requests.parquet"
    ).read_bytes()
    assert load("first/manifest.json", seed=3).seed == 3
    assert load("first/manifest.json", ["seed=4"]).seed == 4


def test_a_manifest_of_profiles_modes_and_traces_stands_on_its_own(folder: Path) -> None:
    (folder / "times.csv").write_text("t\n1\n2.5\n4\n")
    document = toy(
        devices__robot={"profile": "jetson-agx-orin-64gb", "mode": "30W"},
        agents__a__arrivals={"process": "trace", "file": "times.csv", "column": "t"},
        agents__a__budget={"delay": "2 s", "energy": "60 J"},
        name="Füße 🤖",
    )
    first = run(load(document), out=folder / "first")
    again = run(load(folder / "first" / "manifest.json"), out=folder / "again")
    assert first.requests.equals(again.requests)
    assert again.manifest["scenario"]["name"] == "Füße 🤖"


def test_faults_of_a_manifest_have_their_place(folder: Path) -> None:
    run(load("toy-cell.yaml"), out=folder / "first")
    path = folder / "first" / "manifest.json"
    path.write_text(path.read_text().replace('"count": 3', '"cuont": 3'))
    with pytest.raises(ScenarioError) as caught:
        load("first/manifest.json")
    (fault,) = caught.value.faults
    assert fault.path == "agents.a.cuont"
    assert path.read_text().splitlines()[fault.line - 1].lstrip().startswith('"cuont"')


def test_one_replication_of_several_is_not_run_on_its_own(folder: Path) -> None:
    run(load("toy-cell.yaml"), out=folder / "r", replication=2)
    with pytest.raises(ScenarioError, match="manifest of replication 2 of a run"):
        load("r/manifest.json")


def test_other_json_is_read_as_a_scenario(folder: Path) -> None:
    (folder / "toy.json").write_text(json.dumps(toy(seed=5)))
    assert load("toy.json").seed == 5
    (folder / "list.json").write_text("[" * 5000)
    with pytest.raises(ScenarioError, match="nest"):
        load("list.json")
