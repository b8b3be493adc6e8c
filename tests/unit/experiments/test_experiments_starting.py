"""Starting from the template, and lists of the catalogue as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from simran.cli import app, main
from simran.errors import InputError, OutputError
from simran.experiments import listing, new_scenario
from simran.reports import render_profiles
from simran.scenario import load


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "stem"),
    [
        ("mine", "mine.yaml", "mine"),
        ("mine.yaml", "mine.yaml", "mine"),
        ("mine.yml", "mine.yaml", "mine"),
        ("2024", "2024.yaml", "2024"),
        ("null", "null.yaml", "null"),
        ("my robots", "my robots.yaml", "my robots"),
    ],
)
def test_a_new_scenario_is_valid_and_named_after_its_file(name: str, file: str, stem: str) -> None:
    assert new_scenario(name) == Path(file)
    assert load(file).name == stem


def test_nothing_is_overwritten() -> None:
    Path("scenario.yaml").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        new_scenario()
    assert Path("scenario.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "..", "no/such/folder/mine"])
def test_names_that_cannot_be_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        new_scenario(name)


def test_the_command_says_what_to_do_next() -> None:
    result = CliRunner().invoke(app, ["new", "plant"])
    assert result.exit_code == 0
    assert "simran run plant.yaml" in result.stdout
    assert Path("plant.yaml").exists()


def test_the_command_exits_with_2_where_the_file_exists(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_scenario()
    monkeypatch.setattr("sys.argv", ["simran", "new"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "scenario.yaml exists" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["models", "devices"])
def test_lists_are_grouped_by_profile_and_fit_the_width(kind: str) -> None:
    rows = listing(kind)
    text = render_profiles(rows)
    assert max(map(len, text.splitlines())) <= 100
    for row in rows:
        assert f"{row['name']}: " in text
    assert text.count("quantity ") == len({row["name"] for row in rows})


def test_runs_of_equal_blocks_are_counted() -> None:
    text = render_profiles(listing("models"))
    assert "38 × 25250176" in text
    assert "vision-encoder/1 … /39" in text
