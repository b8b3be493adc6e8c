"""A run from scenario to result: counting, ending, refusing, repeating."""

from __future__ import annotations

import hashlib
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from toy import toy

from simran.engine import run
from simran.errors import OutputError, RunError, UnknownNameError
from simran.results import Result
from simran.scenario import load


def _digest(path: Path) -> str:
    return hashlib.sha256((path / "requests.parquet").read_bytes()).hexdigest()


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    results = [run(load(toy()), out=tmp_path / name) for name in ("a", "b")]
    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")
    assert results[0].summary == results[1].summary
    other = run(load(toy()), seed=2, out=tmp_path / "c")
    assert _digest(tmp_path / "c") != _digest(tmp_path / "a")
    assert other.summary["seed"] == 2


def test_the_hash_seed_changes_nothing(tmp_path: Path) -> None:
    digests = set()
    for hash_seed in ("1", "2"):
        out = tmp_path / hash_seed
        command = [sys.executable, "-m", "simran", "run", "warehouse_contention"]
        command += ["--set", "duration=400 s", "--out", str(out)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        digests.add(_digest(out) + (out / "summary.json").read_text())
    assert len(digests) == 1


def test_the_manifest_s_scenario_gives_the_same_bytes(tmp_path: Path) -> None:
    """The resolved scenario needs neither the file nor the catalogue that it came from."""
    changes = ["requests=40", "allocator.headroom=0.1"]
    first = run(load("paper_blip2_coco", changes), out=tmp_path / "a")
    second = run(load(first.manifest["scenario"]), out=tmp_path / "b")
    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")
    assert second.summary == first.summary


def test_the_manifest_s_scenario_finds_its_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "t.csv").write_text("t\n0.5\n7\n")
    document = toy(agents__a__arrivals={"process": "trace", "file": "t.csv", "column": "t"})
    (tmp_path / "here" / "it.yaml").write_text(yaml.safe_dump(document))
    first = run(load(tmp_path / "here" / "it.yaml"), out=tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    run(load(first.manifest["scenario"]), out=tmp_path / "b")
    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")


def test_another_group_moves_no_draw() -> None:
    first = run(load(toy())).requests
    document = toy()
    document["agents"] = {"new": {**document["agents"]["a"], "count": 2}, **document["agents"]}
    both = run(load(document)).requests
    columns = ["agent", "arrival_s", "size_factor"]
    mine = both[both["group"] == "a"][columns].sort_values(columns, ignore_index=True)
    assert mine.equals(first[columns].sort_values(columns, ignore_index=True))
    assert len(both) > len(first)


def test_replications_draw_independently() -> None:
    one, two = (run(load(toy()), replication=number).requests for number in (0, 1))
    assert not np.isin(one["arrival_s"], two["arrival_s"]).any()


def test_a_run_ends_after_the_completions_asked_for() -> None:
    result = run(load(toy(duration=None, requests=57)))
    counts = result.requests["status"].value_counts()
    assert counts["completed"] == 57
    assert result.summary["end_s"] == result.requests["finish_s"].max()


def test_a_run_of_a_duration_ends_before_it() -> None:
    """Arrivals at 0, 1, 2, 3: the one at the end of the run is no longer part of it."""
    arrivals = {"process": "periodic", "rate": 1.0, "phase": 0.0}
    frame = run(load(toy(duration=3.0, agents__a__arrivals=arrivals))).requests
    assert sorted(set(frame["arrival_s"])) == [0.0, 1.0, 2.0]


def test_unfinished_requests_come_last_with_the_energy_spent(tmp_path: Path) -> None:
    frame = run(load(toy(duration=50.0, agents__a__arrivals__rate=3.0))).requests
    left = frame[frame["status"] == "unfinished"]
    assert len(left) > 0
    assert left.index[0] == len(frame) - len(left)
    assert left["request_id"].is_monotonic_increasing
    assert left["finish_s"].isna().all()
    assert left["energy_j"].sum() > 0
    done = frame[frame["status"] == "completed"]
    assert done["finish_s"].is_monotonic_increasing


def test_trace_arrivals_are_replayed_by_every_agent(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("t,x\n0.5,1\n0.5,2\n7,3\n")
    arrivals = {"process": "trace", "file": str(tmp_path / "times.csv"), "column": "t"}
    frame = run(load(toy(agents__a__arrivals=arrivals))).requests
    assert sorted(frame["arrival_s"]) == [0.5] * 6 + [7.0] * 3


@pytest.mark.parametrize(
    ("policy", "status", "placement"),
    [
        ("drop", "dropped", ""),
        ("degrade", "completed", "co-inference"),
        ("fallback-on-device", "completed", "on-device"),
    ],
)
def test_what_is_infeasible_is_served_as_declared(policy: str, status: str, placement: str) -> None:
    tight = toy(agents__a__budget={"delay": 0.01, "energy": 3}, agents__a__on_violation=policy)
    result = run(load(tight))
    ended = result.requests[result.requests["status"] != "unfinished"]
    assert set(ended["status"]) == {status}
    assert set(ended["placement"]) == {placement}
    assert not result.allocations["feasible"].any()
    assert result.summary["total"]["violation_rate"] == 1.0
    cause = {"drop": "dropped"}.get(policy, "design")
    assert set(result.summary["total"]["violations"]["causes"]) == {cause}


def test_weights_that_do_not_fit_fail() -> None:
    result = run(load(toy(devices__robot__memory="1 kB")))
    assert set(result.requests["status"]) == {"failed"}
    assert set(result.allocations["binding"]) == {"memory"}


def test_requests_that_can_never_complete_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["simran.engine.run"], "_FRUITLESS", 3)
    document = toy(duration=None, requests=5, devices__robot__memory="1 kB")
    with pytest.raises(RunError, match="use duration"):
        run(load(document), out=tmp_path / "r")
    with pytest.raises(OutputError):
        Result.open(tmp_path / "r").summary  # noqa: B018


def test_an_unknown_option_is_an_input_error() -> None:
    with pytest.raises(UnknownNameError, match="assumed_share"):
        run(load(toy(allocator__options={"asumed_share": 1})))


def test_per_request_decisions_see_the_size() -> None:
    document = toy(models__m__size={"law": "exponential"}, allocator__every="per-request")
    frame = run(load(document)).requests
    assert frame["weight_bits"].nunique() > 3
    small = frame[frame["size_factor"] < 0.5]["weight_bits"].mean()
    large = frame[frame["size_factor"] > 1.5]["weight_bits"].mean()
    assert small > large


def test_periodic_decisions_follow_the_queue() -> None:
    result = run(load(toy(allocator__every=5.0, agents__a__arrivals__rate=1.6)))
    log = result.allocations
    assert log["weight_bits"].nunique() > 1
    assert set(np.round(log["time_s"] / 5.0, 9) % 1) == {0.0}
    assert (log["agent_wait_s"].iloc[3:] > 0).any()


def test_a_decision_takes_simulated_time() -> None:
    document = toy(allocator__every="per-request", allocator__decision_time=0.05)
    frame = run(load(document)).requests
    waits = frame["agent_wait_s"].dropna()
    assert waits.min() == pytest.approx(0.05)


def test_on_server_requests_wait_for_their_decision_too() -> None:
    document = toy(
        allocator={"name": "exact", "every": "per-request", "decision_time": 0.05},
        agents__a__placement="on-server",
    )
    frame = run(load(document)).requests
    done = frame[frame["status"] == "completed"]
    assert done["agent_wait_s"].to_numpy() == pytest.approx(0.05)
    assert done["agent_compute_s"].isna().all()
    assert done["weight_bits"].isna().all()
    assert (done["distortion"] == 0).all()


def test_the_time_series_adds_up_to_the_summary() -> None:
    result = run(load(toy(duration=95.0)))
    frame = result.timeseries
    lengths = frame.groupby("station")["time_s"].transform(lambda t: t.diff().fillna(t.iloc[0]))
    for name, station in result.summary["stations"].items():
        rows = frame["station"] == name
        mean = (frame["utilisation"] * lengths)[rows].sum() / 95.0
        assert mean == pytest.approx(station["utilisation"], rel=1e-9)
    for device, account in result.summary["energy"]["devices"].items():
        rows = frame["station"] == device
        drawn = (frame["power_w"] * lengths)[rows].sum()
        assert drawn == pytest.approx(account["total_j"] - account["transmit_j"], rel=1e-9)


def test_first_due_is_first_come_where_budgets_are_equal() -> None:
    logs = []
    for discipline in ("fifo", "edf"):
        document = toy(network__servers__server={"device": "edge", "discipline": discipline})
        document["models"]["m"]["split"] = "head"
        logs.append(run(load(document)).requests)
    # Requests overtake each other on the way, so deadlines need not follow arrivals at the server.
    assert logs[0]["server_compute_s"].sum() == pytest.approx(logs[1]["server_compute_s"].sum())
    assert logs[0]["server_wait_s"].mean() == pytest.approx(
        logs[1]["server_wait_s"].mean(), rel=0.05
    )


def test_several_hops_store_and_forward() -> None:
    document = toy(agents__a__count=1, agents__a__arrivals__rate=0.01, duration=2000.0)
    document["network"]["servers"]["hop"] = {"device": "edge"}
    document["agents"]["a"]["server"] = "server"
    document["network"]["links"] = [
        {"between": ["cell", "hop"], "rate": "100 Mbit/s", "delay": "1 ms"},
        {"between": ["hop", "server"], "rate": "50 Mbit/s", "delay": "2 ms"},
    ]
    frame = run(load(document)).requests
    done = frame[frame["status"] == "completed"]
    assert done["backhaul_s"].to_numpy() == pytest.approx(2e6 / 1e8 + 0.001 + 2e6 / 5e7 + 0.002)
    back = 1e3 / 1e8 + 0.001 + 1e3 / 5e7 + 0.002 + 1e3 / 2e7
    assert done["downlink_s"].to_numpy() == pytest.approx(back)


def test_a_run_that_is_stopped_leaves_a_readable_folder(tmp_path: Path) -> None:
    out = tmp_path / "r"
    command = [sys.executable, "-m", "simran", "run", "paper_blip2_coco", "--out", str(out)]
    command += ["--set", "requests=100000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(600):
            time.sleep(0.05)
            if (out / "requests.parquet").is_file() and (out / "requests.parquet").stat().st_size:
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 1
    result = Result.open(out)
    assert result.manifest["status"] == "truncated"
    assert result.summary["truncated"] is True
    assert len(result.requests) == result.manifest["rows"]["requests"] > 0
    assert all(it["held"] for it in result.summary["invariants"])


def test_switching_clocks_is_accounted() -> None:
    switching = {"delay": "10 ms", "energy": "0.5 J"}
    document = toy(
        models__m__size={"law": "exponential"},
        allocator__every="per-request",
        devices__robot__switching=switching,
    )
    result = run(load(document))
    account = result.summary["energy"]["devices"]["agents/a"]
    assert account["switching_j"] > 0
    changes = account["switching_j"] / (0.5 * 1.1)
    assert math.isclose(changes, round(changes), rel_tol=1e-9)


def test_an_interrupt_ends_a_loop_of_runs_at_once(tmp_path: Path) -> None:
    """Decisions per request take long, so the signal must not wait for a portion of events."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from toy import toy; import simran\n"
        "document = toy(duration=1e6, allocator={'name': 'exact', 'every': 'per-request'})\n"
        "for number in range(3):\n"
        "    print(number, flush=True)\n"
        "    simran.run(simran.load(document), out=f'{sys.argv[2]}/{number}')\n"
    )
    support = str(Path(__file__).parents[2] / "support")
    command = [sys.executable, "-c", program, support, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        for _ in range(600):
            time.sleep(0.05)
            if (tmp_path / "0" / "requests.parquet").is_file():
                break
        time.sleep(0.5)
        began = time.monotonic()
        it.send_signal(signal.SIGINT)
        out, err = it.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert out.split() == ["0"]
    assert it.returncode != 0
    assert "RunInterrupted: SIGINT" in err
    assert Result.open(tmp_path / "0").manifest["status"] == "truncated"


def test_a_run_that_ends_within_its_warm_up_has_no_verdict() -> None:
    for warmup, verdict in ((1e6, "unknown"), (0.0, "stable")):
        document = {**toy(warmup=warmup), "requests": 200}
        document.pop("duration", None)
        found = run(load(document)).summary
        assert found["verdict"] == verdict
        assert {it["verdict"] for it in found["stations"].values()} == {verdict}
