"""Allocators of a user's own: found by name or place, checked, and contained where they fail."""

from __future__ import annotations

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

import simran
from simran.allocation import check_allocator, find_allocator
from simran.allocation.exact import Exact
from simran.allocation.guard import AllocatorFault, ask
from simran.allocation.lookup import full_name, origin
from simran.allocation.simple import single_agent
from simran.cli import main
from simran.engine.consulting import make_allocator
from simran.errors import AllocationError, InputError, RunError, ScenarioError
from simran.experiments import listing, run_replications
from simran.registry import Registry
from simran.streams import Streams

FILE = Path(__file__).parent / "own_allocators.py"
SHORT = ["duration=100 s", "warmup=0 s", "agents.inspector.count=3"]


def scenario(name: str, *changes: str):
    find_allocator(f"{FILE}:{name}")
    place = json.dumps(full_name(f"{FILE}:{name}"))
    return simran.load("warehouse_contention", [f"allocator.name={place}", *SHORT, *changes])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Raises", "raised"),
        ("NotANumber", "impossible"),
        ("Greedy", "impossible"),
        ("Starves", "impossible"),
        ("Texts", "no design"),
        ("Nothing", "no design"),
        ("Meddles", "changed its input"),
        ("Endless", "too slow"),
        ("Sleeps", "too slow"),
        ("Leaves", "raised"),
        ("Speechless", "raised"),
        ("Reuses", "raised"),
        ("Complex", "no design"),
        ("Masks", "no design"),
        ("Numbered", "no design"),
        ("Forces", "changed its input"),
    ],
)
def test_a_failure_is_contained_counted_and_named(name: str, kind: str) -> None:
    """The first design stays in force, so all else is as if it had been made once."""
    allocated = "network.cells.gnb-1.uplink_scheduler=allocated"
    limit = "allocator.time_limit=50 ms" if kind == "too slow" else "allocator.time_limit=60 s"
    every = "allocator.every=40 s"
    result = simran.run(scenario(name, every, limit, allocated))
    decisions = result.summary["decisions"]
    assert (decisions["count"], decisions["refused"]) == (3, 2)
    assert decisions["failures"] == {kind: 2}
    assert [it.split(": ")[:2] for it in decisions["refusals"]] == [
        ["at 40 s", kind],
        ["at 80 s", kind],
    ]
    assert decisions["reproducible"] == (kind != "too slow")
    assert result.manifest["reproducible"] == decisions["reproducible"]
    once = simran.run(simran.load("warehouse_contention", [*SHORT, allocated]))
    assert result.requests.drop(columns="allocator").equals(once.requests.drop(columns="allocator"))


def test_without_any_design_on_violation_decides_and_the_summary_says_so_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["run", "warehouse_contention", "--allocator", f"{FILE}:AlwaysRaises"]
    sets = [part for change in SHORT for part in ("--set", change)]
    assert run(*call, *sets, "--out", str(tmp_path / "it")) == 0
    said = capsys.readouterr().out
    assert said.startswith("ALLOCATOR FAILED in 1 of 1 decisions (raised 1)")
    assert "RuntimeError: not today" in said
    result = simran.Result.open(tmp_path / "it")
    assert set(result.requests["weight_bits"]) == {1}
    assert result.summary["designs"]["groups"]["inspector"]["binding"] == ["allocator"]
    drops = simran.run(scenario("AlwaysRaises", "agents.inspector.on_violation=drop"))
    assert set(drops.requests["status"]) == {"dropped"}


def test_a_decision_for_one_request_may_fail_too() -> None:
    result = simran.run(scenario("Raises", "allocator.every=per-request"))
    decisions = result.summary["decisions"]
    assert decisions["count"] == len(result.requests)
    assert decisions["refused"] == decisions["count"] - 3  # each agent's first is right


def test_an_explanation_may_fail() -> None:
    result = simran.run(scenario("Mumbles"))
    assert result.summary["decisions"]["refused"] == 0
    (reason,) = result.summary["designs"]["groups"]["inspector"]["reasons"]
    assert reason == "its explanation failed: RuntimeError: no words"


@pytest.mark.parametrize(
    ("name", "words"),
    [("LeavesUnexplained", "failed: SystemExit: 4"), ("Ponders", "took longer than 0.05 s")],
)
def test_an_explanation_ends_neither_the_run_nor_never(name: str, words: str) -> None:
    result = simran.run(scenario(name, "allocator.time_limit=50 ms"))
    (reason,) = result.summary["designs"]["groups"]["inspector"]["reasons"]
    assert reason == f"its explanation {words}"


def test_what_it_sets_in_numpy_stays_its_own() -> None:
    before = np.geterr()
    assert (
        simran.run(scenario("Rings", "allocator.every=40 s")).summary["decisions"]["refused"] == 0
    )
    assert np.geterr() == before


def test_two_runs_in_one_process_do_not_know_of_each_other() -> None:
    first = simran.run(scenario("Raises", "allocator.every=40 s"))
    second = simran.run(scenario("Raises", "allocator.every=40 s"))
    assert first.summary == second.summary
    assert first.requests.equals(second.requests)
    sound = simran.run(simran.load("warehouse_contention", SHORT))
    assert sound.summary["decisions"]["failures"] == {}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer on this platform")
def test_an_alarm_of_somebody_else_still_rings() -> None:
    """Test suites bound their tests with the same timer."""
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 1000.0)
        problem = single_agent(1e9, 1e9, delay_budget_s=10.0, energy_budget_j=10.0)
        ask(Exact(), problem, 60.0)
        left_s, again_s = signal.setitimer(signal.ITIMER_REAL, 0.0)
        assert 0.0 < left_s <= 1000.0
        assert again_s == 0.0
        signal.raise_signal(signal.SIGALRM)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


def test_solve_names_the_failure() -> None:
    with pytest.raises(AllocationError, match="'always-raises' failed: raised: RuntimeError: not"):
        simran.solve(scenario("AlwaysRaises"))


def test_one_that_cannot_be_made_is_bad_input() -> None:
    with pytest.raises(InputError, match="'cannot-be-made' cannot be made: RuntimeError: no such"):
        simran.run(scenario("CannotBeMade"))


def test_in_a_thread_a_slow_answer_is_refused_when_it_comes() -> None:
    problem = single_agent(1e9, 1e9, delay_budget_s=10.0, energy_budget_j=10.0)
    found: list[object] = []

    def body() -> None:
        try:
            found.append(ask(Exact(), problem, 1e-9))
        except AllocatorFault as fault:
            found.append(fault.kind)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == ["too slow"]


def test_a_file_of_ones_own_conforms_and_a_wrong_one_does_not() -> None:
    assert all(check.passed for check in check_allocator(find_allocator(f"{FILE}:TwoFewer")))
    failed = {it.name for it in check_allocator(find_allocator(f"{FILE}:AlwaysRaises"))}
    failed -= {
        it.name for it in check_allocator(find_allocator(f"{FILE}:AlwaysRaises")) if it.passed
    }
    assert "designs are physically possible" in failed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (":Nameless", "Nameless needs a name"),
        (":NoMethod", "NoMethod has no method allocate"),
        (":NoAllocator", "NoAllocator is no simran.allocation.Allocator"),
        (":Missing", "Missing is not there; allocators there: TwoFewer"),
        ("", "own_allocators.py:CLASS; allocators there: TwoFewer"),
    ],
)
def test_what_is_no_allocator_is_refused_with_what_is_there(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_allocator(f"{FILE}{name}")


def test_a_file_that_cannot_be_read_or_imported_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.py cannot be read: No such file"):
        find_allocator(str(tmp_path / "none.py:A"))
    (tmp_path / "torn.py").write_text("class A(:\n")
    with pytest.raises(InputError, match=r"torn\.py cannot be imported: SyntaxError"):
        find_allocator(str(tmp_path / "torn.py:A"))
    with pytest.raises(InputError, match=r"'no\.such\.package' cannot be imported"):
        find_allocator("no.such.package:A")


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "it.py"
    text = "from simran.allocation.exact import Exact\nclass A(Exact):\n    name = 'first'\n"
    path.write_text(text)
    assert find_allocator(f"{path}").name == "first"
    known = simran.load("paper_blip2_coco", [f"allocator.name='{path}:'"])
    path.write_text(text.replace("first", "second"))
    assert make_allocator(known, Streams(1)).name == "first"  # until somebody asks for it again
    assert find_allocator(f"{path}").name == "second"
    assert find_allocator(f"{path}:A").name == "second"
    path.write_text(text.replace("first", "third"))
    assert find_allocator(f"{path}:A").name == "third"
    assert origin(find_allocator(f"{path}:A"))["sha256"] == sha256(path.read_bytes()).hexdigest()


def test_code_that_changes_between_replications_is_told(tmp_path: Path) -> None:
    """Processes read the file, each when it begins: here one reads another than the rest."""
    path = tmp_path / "it.py"
    text = "from simran.allocation.exact import Exact\nclass A(Exact):\n    name = 'first'\n"
    path.write_text(text)
    find_allocator(f"{path}:A")
    loaded = simran.load("paper_blip2_coco", [f"allocator.name='{path}:A'", "requests=20"])

    class Editing(ThreadPoolExecutor):
        def submit(self, call, /, *given, **named):
            path.write_text(text + f"# {given[-1]}\n")
            find_allocator(f"{path}:A")
            future = super().submit(call, *given, **named)
            future.exception()
            return future

    with Editing(1) as pool, pytest.raises(RunError, match=r"it\.py changed while replications"):
        run_replications(loaded, 2, out=tmp_path / "out", executor=pool)


def test_a_file_that_ends_the_program_is_named(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("raise SystemExit(0)\n")
    with pytest.raises(InputError, match=r"script\.py cannot be imported: SystemExit: 0"):
        find_allocator(str(tmp_path / "script.py:A"))


def test_the_list_tells_where_allocators_come_from_and_bears_a_broken_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torn = EntryPoint("torn", "no_such_package:A", "simran.allocators")
    points = Registry._points
    monkeypatch.setattr(Registry, "_points", lambda self: {**points(self), "torn": torn})
    rows = {row["name"]: row for row in listing("allocators")}
    assert rows["exact"]["origin"] == f"simran {simran.__version__}"
    assert "cannot be imported from no_such_package:A" in rows["torn"]["design"]


def test_a_scenario_file_names_no_code(tmp_path: Path) -> None:
    """Reading a scenario from elsewhere runs nothing; the command line, or the library, must say so."""
    (tmp_path / "mine.py").write_text("raise SystemExit('run')\n")
    text = "extends: parent.yaml\nallocator: {name: './mine.py:Mine'}\n"
    (tmp_path / "it.yaml").write_text(text)
    parent = Path(simran.__file__).parent.parent / "scenarios/warehouse_contention.yaml"
    (tmp_path / "parent.yaml").write_text(parent.read_text())
    with pytest.raises(ScenarioError, match=r"names no code .* --allocator \./mine\.py:Mine"):
        simran.load(tmp_path / "it.yaml")


def test_the_manifest_says_where_it_came_from(tmp_path: Path) -> None:
    result = simran.run(scenario("TwoFewer"), out=tmp_path / "it")
    told = result.manifest["allocator"]
    assert told == origin(find_allocator(f"{FILE}:TwoFewer"))
    assert Path(told["file"]) == FILE
    assert len(told["sha256"]) == 64
    assert origin(Exact) == {
        "class": "simran.allocation.exact.Exact",
        "package": f"simran {simran.__version__}",
    }


def run(*arguments: str) -> int | None:
    """Return the exit code of the program."""
    import sys

    before = sys.argv
    sys.argv = ["simran", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    finally:
        sys.argv = before
    return 0


def test_worker_processes_find_it_too(tmp_path: Path) -> None:
    call = ["run", "warehouse_contention", "--allocator", f"{FILE}:TwoFewer", "--quiet"]
    sets = [part for change in SHORT for part in ("--set", change)]
    assert run(*call, *sets, "--replications", "2", "--out", str(tmp_path / "it")) == 0
    assert simran.Result.open(tmp_path / "it").summary["replications"]["count"] == 2


def test_check_allocator_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-allocator", f"{FILE}:TwoFewer") == 0
    assert "6 of 6 passed" in capsys.readouterr().out
    assert run("check-allocator", f"{FILE}:AlwaysRaises", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["allocator"] == "always-raises"
    assert told["checks"][0]["detail"] == "raised: RuntimeError: not today"
    assert run("check-allocator", "fixed-bits", "--option", "bits=4") == 0
    assert run("check-allocator", "fixed-bits", "--option", "bits=no") == 2
    assert run("check-allocator", "no-such") == 2
