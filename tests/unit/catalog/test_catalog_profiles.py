"""Profiles and scenarios by name, and profiles from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from simran.catalog import (
    LATER,
    device_names,
    is_file_name,
    model_names,
    profile,
    scenario_names,
    scenario_path,
)
from simran.errors import InputError, ScenarioError, UnknownNameError


@pytest.mark.parametrize("kind", ["models", "devices"])
def test_every_name_of_the_catalogue_is_a_mapping(kind: str) -> None:
    names = model_names() if kind == "models" else device_names()
    assert names == tuple(sorted(names))
    for name in names:
        document = profile(kind, name, Path("/nowhere"))
        assert isinstance(document.data, dict)
        assert document.mark(()).file == f"{kind}/{name}.yaml"
    assert not set(names) & set(LATER[kind])


@pytest.mark.parametrize(
    ("name", "is_file"),
    [
        ("git-base", False),
        ("mine.yaml", True),
        ("mine.yml", True),
        ("./mine", True),
        ("yaml", False),
    ],
)
def test_what_is_the_name_of_a_file(name: str, is_file: bool) -> None:
    assert is_file_name(name) is is_file


def test_a_profile_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("f_max: 1 GHz\n")
    document = profile("devices", "mine.yaml", tmp_path)
    assert document.data == {"f_max": "1 GHz"}
    assert document.mark(("f_max",)).file == str(tmp_path / "mine.yaml")
    (tmp_path / "list.yaml").write_text("- f_max: 1 GHz\n")
    with pytest.raises(ScenarioError, match=r"list.yaml:1:1: expected a mapping of keys"):
        profile("devices", "./list.yaml", tmp_path)


def test_names_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown model profile 'git'"):
        profile("models", "git", Path())
    with pytest.raises(UnknownNameError, match=r"did you mean 'paper-agent'\?"):
        profile("devices", "paper-agnet", Path())
    monkeypatch.setitem(LATER, "models", ("next-year",))
    with pytest.raises(InputError, match="'next-year' is not in this version"):
        profile("models", "next-year", Path())


def test_scenarios_by_name() -> None:
    assert "paper_blip2_coco" in scenario_names()
    assert scenario_path("paper_blip2_coco") == scenario_path("paper_blip2_coco.yaml")
    assert scenario_path("paper_blip2_coco").is_file()
    with pytest.raises(UnknownNameError, match=r"did you mean 'paper_blip2_coco'\?"):
        scenario_path("paper_blip_coco")
