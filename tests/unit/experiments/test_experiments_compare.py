"""Allocators compared: pairs, zeros, folders, whoever runs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from executors import AtOnce
from toy import toy

import simran
from simran.engine import run
from simran.errors import InputError, OutputError, UnknownNameError
from simran.experiments import Comparison, Place, Variant, compare
from simran.experiments.variants import scenario_of

FIVE = ["exact", "again=exact", "max-frequency", "random", "fixed=fixed-bits:bits=4"]


def _toy(**changes: Any) -> simran.Scenario:
    return simran.load(toy(duration=30.0, **changes))


@pytest.fixture(scope="module")
def five() -> Comparison:
    return compare(_toy(), FIVE, 3, executor=AtOnce())


def _files(folder: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in folder.glob("comparison.*")}


def test_an_allocator_compared_with_itself_differs_by_exactly_nothing(five: Comparison) -> None:
    own = [it for it in five.summary()["differences"] if it["allocator"] == "again"]
    assert len(own) == 5
    for it in own:
        assert (it["mean"], it["interval95"], it["p"], it["significant"]) == (
            0.0,
            [0.0, 0.0],
            1.0,
            False,
        )
    frame = five.frame().set_index(["replication", "group", "metric"])
    first, again = (frame[frame["allocator"] == name]["value"] for name in ("exact", "again"))
    pd.testing.assert_series_equal(first, again, check_exact=True)


@pytest.mark.parametrize("changes", [{}, {"allocator__every": "per-request"}])
def test_requests_pair_by_agent_and_number(changes: dict[str, Any]) -> None:
    changes = {**changes, "models__m__size": {"law": "exponential"}}
    frames = []
    for name in ("exact", "on-server", "random"):
        result = run(scenario_of(_toy(**changes), Variant(name)), replication=2)
        rows = result.requests.sort_values(["agent", "arrival_s"], ignore_index=True)
        frames.append(rows[["agent", "arrival_s", "size_factor"]])
    pd.testing.assert_frame_equal(frames[0], frames[1], check_exact=True)
    pd.testing.assert_frame_equal(frames[0], frames[2], check_exact=True)


def test_differences_are_those_of_the_frame(five: Comparison) -> None:
    table = five.frame().pivot_table(
        index="replication", columns=["allocator", "metric"], values="value"
    )
    for it in five.summary()["differences"]:
        expected = (table[it["allocator"], it["metric"]] - table["exact", it["metric"]]).mean()
        assert it["mean"] == pytest.approx(
            expected, rel=1e-9, abs=1e-12 * abs(table["exact", it["metric"]]).max()
        )


def test_another_baseline_turns_the_signs(five: Comparison) -> None:
    there = {
        it["metric"]: it
        for it in five.summary("fixed")["differences"]
        if it["allocator"] == "exact"
    }
    for it in five.summary()["differences"]:
        if it["allocator"] == "fixed":
            assert there[it["metric"]]["mean"] == -it["mean"]
            assert there[it["metric"]]["p"] == it["p"]


def test_who_runs_it_makes_no_difference(tmp_path: Path) -> None:
    found = []
    for name, executor in (("p", None), ("t", ThreadPoolExecutor(3)), ("s", AtOnce())):
        compare(_toy(), FIVE[:3], 2, out=tmp_path / name, executor=executor)
        found.append(_files(tmp_path / name))
    assert found[0] == found[1] == found[2]
    assert set(found[0]) == {"comparison.json", "comparison.parquet"}


def test_what_has_ended_is_not_run_again(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    compare(_toy(), FIVE[:3], 3, out=whole, executor=AtOnce())
    compare(_toy(), FIVE[:2], 2, out=part, executor=AtOnce())
    kept = {it: it.stat().st_mtime_ns for it in (part / "runs").iterdir()}
    told: list[tuple[str, int]] = []

    def note(label: str, replication: int, record: Mapping[str, Any]) -> None:
        told.append((label, replication))

    place = Place(part, resume=True)
    compare(_toy(), FIVE[:3], 3, out=place, executor=AtOnce(), told=note)
    assert sorted(told) == sorted(
        (name, place) for name in ("exact", "again", "max-frequency") for place in range(3)
    )
    assert {it: it.stat().st_mtime_ns for it in kept} == kept
    assert _files(part) == _files(whole)
    frame = pd.read_parquet(part / "comparison.parquet")
    assert set(frame["allocator"]) == {"exact", "again", "max-frequency"}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (_toy(agents__a__count=2), r"another scenario \(agents\.a\.count\)"),
        (simran.load(toy(duration=30.0), seed=9), "seed was 1 and is 9"),
    ],
)
def test_another_study_is_not_resumed(tmp_path: Path, other: simran.Scenario, words: str) -> None:
    compare(_toy(), FIVE[:1], 1, out=tmp_path, executor=AtOnce())
    with pytest.raises(OutputError, match=words):
        compare(other, FIVE[:1], 1, out=Place(tmp_path, resume=True), executor=AtOnce())


def test_another_version_is_not_resumed(tmp_path: Path) -> None:
    compare(_toy(), FIVE[:1], 1, out=tmp_path, executor=AtOnce())
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "simran": "0.0.1"}))
    with pytest.raises(OutputError, match=r"simran was '0\.0\.1'"):
        compare(_toy(), FIVE[:1], 1, out=Place(tmp_path, resume=True), executor=AtOnce())


def test_a_folder_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    compare(_toy(), FIVE[:1], 1, out=tmp_path, executor=AtOnce())
    with pytest.raises(OutputError, match="--overwrite"):
        compare(_toy(), FIVE[:1], 1, out=tmp_path, executor=AtOnce())
    compare(_toy(), FIVE[1:2], 1, out=Place(tmp_path, overwrite=True), executor=AtOnce())
    assert json.loads((tmp_path / "comparison.json").read_text())["baseline"] == "again"


def test_what_is_of_no_use_is_refused_before_anything_runs(tmp_path: Path) -> None:
    cases: list[tuple[list[str], dict[str, Any], str]] = [
        (["exakt"], {}, "did you mean 'exact'"),
        (["exact", "exact"], {}, "there twice"),
        ([], {}, "at least one"),
        (["exact:bits=4"], {}, "'bits'"),
        (["exact:headroom=2"], {}, "headroom"),
        (["exact:headrom=0"], {}, "did you mean 'headroom'"),
        (["exact"], {"baseline": "joint"}, "unknown baseline 'joint'"),
        (["exact"], {"replications": 0}, "at least 1"),
    ]
    for names, more, words in cases:
        with pytest.raises(InputError, match=words):
            compare(_toy(), names, **more, out=tmp_path / "r", executor=AtOnce())
        assert not (tmp_path / "r").exists()
    with pytest.raises(UnknownNameError):
        compare(_toy(), ["exact"], 1, executor=AtOnce()).summary("joint")


def test_an_allocator_of_ones_own_is_run_again_when_its_file_changes(tmp_path: Path) -> None:
    text = "from simran.allocation.exact import Exact\n\n\nclass Mine(Exact):\n    name = 'mine'\n"
    (tmp_path / "mine.py").write_text(text)
    spec = f"{tmp_path / 'mine.py'}:Mine"
    for number in (1, 2, 2):
        (tmp_path / "mine.py").write_text(text + f"# {number}\n")
        place = Place(tmp_path / "out", resume=True)
        compare(_toy(), ["exact", f"mine={spec}"], 1, out=place, executor=AtOnce())
    assert len(list((tmp_path / "out" / "runs").iterdir())) == 3


def test_several_groups_are_shown_apart_and_together() -> None:
    document = toy(duration=20.0)
    document["agents"]["b"] = {
        **document["agents"]["a"],
        "count": 1,
        "budget": {"delay": 2.0, "energy": 3.0},
    }
    found = compare(
        simran.load(document), ["exact", "max-frequency"], 2, executor=AtOnce()
    ).summary()
    assert found["groups"] == ["a", "b", "total"]
    assert {it["group"] for it in found["differences"]} == {"a", "b", "total"}
    assert found["family"]["tests"] == len(found["differences"])
    for it in found["allocators"].values():
        assert set(it["figures"]) == {"a", "b", "total"}
