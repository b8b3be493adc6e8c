"""Trace files: what counts as a column of numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy import toy

from simran.errors import ScenarioError
from simran.scenario import load
from simran.scenario.traces import read_trace


def _read(tmp_path: Path, text: str, ascending: bool = True) -> tuple[float, ...]:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    return read_trace(path, "time", ascending)


@pytest.mark.parametrize(
    "text",
    [
        "time\n0\n1.5\n1.5\n2e1\n",
        "a, time ,b\nx,0,y\nx, 1.5,y\nx,1.50,\nx,20\n",
        "\ufefftime\r\n0\r\n1.5\r\n\r\n1.5\r\n20\r\n\r\n",
        '"time"\n"0"\n"1.5"\n1.5\n20',
        'note,time\n"two\nlines",0\n,1.5\n,1.5\n,20\n',
    ],
)
def test_a_column_is_read(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == (0.0, 1.5, 1.5, 20.0)


@pytest.mark.parametrize(
    ("text", "ascending", "faults"),
    [
        ("", True, ["1:1: has no column 'time' (known: none)"]),
        ("tme\n1\n", True, ["1:1: has no column 'time' (did you mean 'tme'?)"]),
        ("a,b\n1\n", True, ["1:1: has no column 'time' (known: a, b)"]),
        ("time,time\n1,2\n", True, ["1:1: has two columns 'time'"]),
        ("time\n", True, ["1:1: time: has no values"]),
        ("time\n\n \n", True, ["1:1: time: has no values"]),
        (
            "time\none\n2\n1\n",
            True,
            ["2:1: time: expected a number, found 'one'", "4:1: time: exp"],
        ),
        ("a,time\n1,\n", True, ["2:2: time: expected a number, found ''"]),
        ("a,time\n1\n", True, ["2:2: time: expected a number, found a row that ends before it"]),
        ("time\n-1\n", True, ["2:1: time: expected a finite number of at least 0, found '-1'"]),
        ("time\n0\n", False, ["2:1: time: expected a finite number above 0, found '0'"]),
        ("time\nnan\ninf\n1e999\n", False, ["found 'nan'", "found 'inf'", "found '1e999'"]),
        ("time\n1_0\n0x1\n1 s\n", True, ["found '1_0'", "found '0x1'", "found '1 s'"]),
        ("time\n3\n2\n", True, ["3:1: time: expected times in ascending order, found '2' after 3"]),
        ('a,time\n"x\ny",1\n,z\n', True, ["4:2: time: expected a number, found 'z'"]),
        (f"time\n{'9' * 140_000}\n", True, ["is not valid CSV: field larger than field limit"]),
        ("time\n" + "x\n" * 50, True, ["expected a number, found 'x'"] * 20),
    ],
)
def test_what_is_no_column(tmp_path: Path, text: str, ascending: bool, faults: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        _read(tmp_path, text, ascending)
    found = [str(fault) for fault in caught.value.faults]
    assert len(found) == len(faults)
    for line, words in zip(found, faults, strict=True):
        assert line.startswith(f"{tmp_path / 't.csv'}:")
        assert words in line


def test_sizes_may_fall_and_are_divided_by_their_mean(tmp_path: Path) -> None:
    path = tmp_path / "sizes.csv"
    path.write_text("time\n3\n1\n2\n")
    size = {"law": "trace", "file": str(path), "column": "time", "shared": False}
    law = load(toy(models__m__size=size)).models["m"].size
    assert law.trace == (1.5, 0.5, 1.0)
    assert not law.shared


@pytest.mark.parametrize(
    ("count", "requests", "other", "enough"),
    [(2, 6, False, True), (2, 7, False, False), (1, 4, False, False), (2, 7, True, True)],
)
def test_traces_must_hold_the_requests_that_are_asked_for(
    tmp_path: Path, count: int, requests: int, other: bool, enough: bool
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time\n1\n2\n3\n")
    arrivals = {"process": "trace", "file": str(path), "column": "time"}
    document = toy(
        agents__a__arrivals=arrivals, agents__a__count=count, duration=None, requests=requests
    )
    if other:
        document["agents"]["b"] = toy()["agents"]["a"]
    if enough:
        assert load(document).groups["a"].arrivals.trace_s == (1.0, 2.0, 3.0)
        return
    with pytest.raises(ScenarioError) as caught:
        load(document)
    held = 3 * count
    assert str(caught.value) == f"requests: expected at most {held}, which the traces hold in all"
