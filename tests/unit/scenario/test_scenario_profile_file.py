"""Profile files on their own: the faults that they have within a scenario."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from toy import toy

from simran.catalog import device_names, model_names, profile, read_document
from simran.errors import ScenarioError
from simran.scenario import check_profile, load, profile_kind

MODEL = yaml.safe_dump(toy()["models"]["m"], sort_keys=False)
DEVICE = yaml.safe_dump(toy()["devices"]["robot"], sort_keys=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder that holds a sound model and a sound device."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.yaml").write_text(MODEL)
    (tmp_path / "device.yaml").write_text(DEVICE)
    return tmp_path


def faults(kind: str, text: str) -> list[str]:
    """Return the faults of a profile with that text."""
    Path("it.yaml").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        check_profile("it.yaml", kind)
    return [str(fault) for fault in caught.value.faults]


def test_files_are_told_by_their_keys(folder: Path) -> None:
    (folder / "scenario.yaml").write_text(yaml.safe_dump(toy()))
    (folder / "child.yaml").write_text("extends: scenario.yaml\nduration: 3 s\n")
    names = ("model", "device", "scenario", "child")
    found = [profile_kind(read_document(Path(f"{it}.yaml"))) for it in names]
    assert found == ["models", "devices", None, None]


def test_sound_ones_have_no_faults(folder: Path) -> None:
    assert check_profile("model.yaml", "models").doubts == ()
    assert check_profile("device.yaml", "devices").doubts == ()


@pytest.mark.parametrize(
    ("kind", "name"),
    [*(("models", it) for it in model_names()), *(("devices", it) for it in device_names())],
)
def test_those_of_the_catalogue_are_sound(folder: Path, kind: str, name: str) -> None:
    Path("copy.yaml").write_text(yaml.safe_dump(profile(kind, name, Path()).data))
    assert profile_kind(read_document(Path("copy.yaml"))) == kind
    assert check_profile("copy.yaml", kind).doubts == ()


def test_faults_are_those_of_a_scenario_at_the_same_place(folder: Path) -> None:
    text = MODEL.replace("flops: 2000000000.0", "flops: 2 J").replace("input: 1 Mbit", "input: 1 s")
    found = faults("models", text)
    with pytest.raises(ScenarioError) as caught:
        load(toy(models__m={"profile": "it.yaml"}))
    within = [str(fault).replace("models.m.", "") for fault in caught.value.faults]
    assert found == within
    assert [line.split(": ")[1] for line in found] == ["input", "blocks[2].flops"]


def test_what_is_missing_is_missing_in_the_file(folder: Path) -> None:
    lines = [line for line in DEVICE.splitlines() if not line.startswith("flops_per_cycle")]
    assert faults("devices", "\n".join(lines)) == [
        "it.yaml:1:1: flops_per_cycle: is required and missing"
    ]


def test_the_other_kind_is_refused_as_such(folder: Path) -> None:
    assert faults("devices", MODEL) == [
        "it.yaml: is the profile of a model, expected one of a device"
    ]


def test_bare_numbers_are_doubted_with_their_place(folder: Path) -> None:
    (folder / "it.yaml").write_text(DEVICE.replace("2 GHz", "2"))
    (doubt,) = check_profile("it.yaml", "devices").doubts
    assert str(doubt) == "it.yaml:1:1: f_max: 2 is read as 2 Hz (write 2 GHz if that was meant)"
