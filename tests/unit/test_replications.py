"""Replications: side by side, whoever runs them."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from executors import AtOnce
from toy import toy

from simran.engine import run
from simran.experiments import run_replications
from simran.experiments.replications import interval, rate_interval
from simran.results import Result
from simran.scenario import load


def _digests(path: Path) -> list[str]:
    files = sorted(path.glob("replication-*/requests.parquet"))
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def test_the_executor_makes_no_difference(tmp_path: Path) -> None:
    scenario = load(toy(duration=60.0))
    summaries, digests = [], []
    for name, executor in (("p", None), ("t", ThreadPoolExecutor(2)), ("s", AtOnce())):
        result = run_replications(scenario, 3, out=tmp_path / name, executor=executor)
        summaries.append(result.summary)
        digests.append(_digests(tmp_path / name))
    assert summaries[0] == summaries[1] == summaries[2]
    assert digests[0] == digests[1] == digests[2]
    assert len(set(digests[0])) == 3
    alone = run(scenario, replication=1, out=tmp_path / "alone")
    again = Result.open(tmp_path / "p" / "replication-1")
    assert again.summary == alone.summary


def test_means_and_intervals_are_over_replications(tmp_path: Path) -> None:
    result = run_replications(load(toy(duration=60.0)), 4, out=tmp_path / "r", executor=AtOnce())
    over = result.summary["replications"]
    means = [
        Result.open(tmp_path / "r" / name).summary["groups"]["a"]["delay_s"]["mean"]
        for name in result.manifest["replications"]
    ]
    assert over["count"] == 4
    assert over["groups"]["a"]["mean delay s"]["mean"] == pytest.approx(sum(means) / 4)
    assert over["groups"]["a"]["mean delay s"]["interval95"] == pytest.approx(interval(means))
    assert sum(over["verdicts"].values()) == 4


def test_a_known_interval() -> None:
    """Of 1, 2, 3: 2 ± 4.302653 · 1/√3."""
    assert interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 2.4841377, 2 + 2.4841377))


def test_a_failure_is_reported_and_marked(tmp_path: Path) -> None:
    scenario = load(toy(allocator={"name": "fixed-bits", "options": {"bits": 17}}))
    with pytest.raises(Exception, match="17"):
        run_replications(scenario, 2, out=tmp_path / "r")
    assert '"failed"' in (tmp_path / "r" / "manifest.json").read_text()


def test_an_interrupt_ends_all_of_them_readably(tmp_path: Path) -> None:
    out = tmp_path / "r"
    command = [sys.executable, "-m", "simran", "run", "paper_blip2_coco", "--replications", "2"]
    command += ["--set", "requests=100000000", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        parts = [out / f"replication-{place}" / "requests.parquet" for place in range(2)]
        for _ in range(600):
            time.sleep(0.05)
            if all(part.is_file() and part.stat().st_size > 100 for part in parts):
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 1
    result = Result.open(out)
    assert result.manifest["status"] == "truncated"
    for part in parts:
        assert len(Result.open(part.parent).requests) > 0


def test_a_rate_stays_between_0_and_1_and_is_never_known_exactly() -> None:
    assert rate_interval([0.0, 0.1], *interval([0.0, 0.1]), 100)[0] == 0.0
    assert rate_interval([1.0, 0.9], *interval([1.0, 0.9]), 100)[1] == 1.0
    low, high = rate_interval([0.0, 0.0], 0.0, 0.0, 300)
    assert low == 0.0
    assert (1 - high) ** 300 == pytest.approx(0.05)
    assert rate_interval([1.0, 1.0], 1.0, 1.0, 300) == pytest.approx((1 - high, 1.0))
