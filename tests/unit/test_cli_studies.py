"""compare and capacity on the command line."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from simran.cli import main

SOUND = Path(__file__).parents[1] / "contract" / "broken" / "sound.yaml"


class Done(NamedTuple):
    """What a command has left."""

    code: int
    out: str
    err: str


@pytest.fixture
def simran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Return the program, in this process and in a folder that holds one sound scenario."""
    shutil.copy(SOUND, tmp_path / "sound.yaml")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["simran", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, *capsys.readouterr())

    return call


def test_compare_prints_and_writes_and_goes_on(simran: Callable[..., Done], tmp_path: Path) -> None:
    asked = ["compare", "sound.yaml", "--set", "duration=20 s", "--allocators", "exact,again=exact"]
    asked += ["--out", "out", "--replications", "2", "--workers", "1"]
    done = simran(*asked)
    assert done.code == 0, done.err
    assert "not reproducible" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    files = {it.name for it in (tmp_path / "out").iterdir()}
    assert files == {
        "comparison.json",
        "comparison.parquet",
        "comparison.png",
        "manifest.json",
        "runs",
    }
    again = simran(*asked)
    assert again.code == 2
    assert "--overwrite" in again.err
    more = simran(*asked, "--variant", "low=exact:headroom=0.5", "--resume", "--json")
    assert more.code == 0, more.err
    found = json.loads(more.out)
    assert list(found["allocators"]) == ["exact", "again", "low"]
    assert set(found["wall"]) == set(found["allocators"])
    assert "wall" not in json.loads((tmp_path / "out" / "comparison.json").read_text())


def test_capacity_prints_and_writes(simran: Callable[..., Done], tmp_path: Path) -> None:
    done = simran(
        "capacity", "sound.yaml", "--set", "duration=20 s", "--vary", "agents.a.count",
        "--target", "violation_rate=0.5", "--out", "out", "--replications", "4", "--workers", "1",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "largest agents.a.count with violation_rate <= 0.5" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    found = json.loads((tmp_path / "out" / "capacity.json").read_text())
    assert found["whole"] is True
    assert (tmp_path / "out" / "capacity.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "sound.yaml"], "at least one"),
        (["compare", "sound.yaml", "--allocators", "exakt"], "did you mean 'exact'?"),
        (
            ["compare", "sound.yaml", "--allocators", "exact", "--replications", "0"],
            "--replications",
        ),
        (["compare", "sound.yaml", "--allocators", "exact", "--resume"], "--resume needs --out"),
        (["capacity", "sound.yaml", "--vary", "agents.b.count"], "no key 'b' there; known: a"),
        (["capacity", "sound.yaml", "--vary", "agents.a.cuont"], "did you mean 'count'?"),
        (["capacity", "sound.yaml"], "--vary"),
    ],
)
def test_bad_input_exits_with_2_and_writes_nothing(
    simran: Callable[..., Done], tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = simran(*arguments)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert [it.name for it in tmp_path.iterdir()] == ["sound.yaml"]
