"""The summary as a page: complete, and never wider than 100 columns."""

from __future__ import annotations

from typing import Any

import pytest
from toy import toy

from simran.engine import run, solve
from simran.reports import render_checks, render_design, render_summary
from simran.reports.progress import progress_bar
from simran.results.table import CAUSES
from simran.scenario import load

NOTHING = {"mean": None, "std": None, "p50": None, "p95": None, "p99": None, "interval95": None}
GROUP = {
    "arrivals": 0,
    "completed": 0,
    "dropped": 0,
    "failed": 0,
    "unfinished": 0,
    "throughput_hz": None,
    "violation_rate": None,
    "violations": {"judged": 0, "violated": 0, "causes": {}},
    "delay_s": NOTHING,
    "energy_j": NOTHING,
    "distortion": NOTHING,
    "quality_mean": None,
}
STATION = {
    "kind": "cell",
    "utilisation": None,
    "mean_in_system": None,
    "offered_load": None,
    "end_backlog_s": 0.0,
    "verdict": "stable",
}
DEVICE = dict.fromkeys(
    ("idle_j", "static_j", "dynamic_j", "switching_j", "transmit_j", "total_j"), 0.0
)
LONG = "an-agent-group-with-a-name-that-somebody-thought-was-a-good-idea-at-the-time"


def summary(**changes: Any) -> dict[str, Any]:
    """Return the summary of a run in which nothing happened, with changes."""
    return {
        "name": "empty",
        "seed": 1,
        "end_s": 0.0,
        "verdict": "stable",
        "total": GROUP,
        "groups": {"a": GROUP},
        "stations": {"cell": STATION},
        "energy": {
            "devices": {"agents/a": DEVICE},
            "total_per_completed_j": None,
            "budgeted_per_completed_j": None,
        },
        "decisions": {"count": 0, "refused": 0, "failures": {}, "refusals": []},
        "invariants": [],
        "assumed": [],
        "notes": [],
    } | changes


def page(value: dict[str, Any], **manifest: Any) -> str:
    text = render_summary(value, {"status": "complete", **manifest})
    for line in text.splitlines():
        assert len(line) <= 100, line
    return text


def test_a_run_in_which_nothing_happened() -> None:
    text = page(summary())
    assert text.startswith("STABLE: empty, seed 1, 0 s simulated\n")
    assert "violations: no deadline fell into the run" in text
    assert "no interval of the mean delay for a: run too short" in text
    assert "None" not in text
    assert "nan" not in text


def test_a_run_without_a_verdict_does_not_claim_one() -> None:
    text = page(summary(verdict="unknown"), status="truncated")
    assert text.startswith("NO VERDICT: empty, seed 1, 0 s simulated (truncated)\n")


def test_without_groups_stations_and_devices() -> None:
    energy = {**summary()["energy"], "devices": {}}
    assert "None" not in page(summary(groups={}, stations={}, energy=energy))


def test_many_groups_with_long_names_and_large_figures() -> None:
    wide = {
        "mean": -0.00123456789,
        "std": 1.0,
        "p50": 1.0,
        "p95": 9999999.0,
        "p99": 1.23456e-100,
        "interval95": [-1.5e300, 2.5e300],
    }
    group = GROUP | {
        "arrivals": 10**12,
        "completed": 10**12,
        "violation_rate": 1 / 3,
        "delay_s": wide,
        "energy_j": wide,
        "distortion": wide,
        "quality_mean": -1.23456e-7,
    }
    causes = dict.fromkeys(CAUSES[1:], 10**10)
    total = group | {"violations": {"judged": 10**12, "violated": 11 * 10**10, "causes": causes}}
    names = [f"{LONG}-{place}" for place in range(60)]
    text = page(
        summary(
            name=LONG * 3,
            total=total,
            groups=dict.fromkeys(names, group),
            stations=dict.fromkeys(
                names, STATION | {"utilisation": 1e300, "verdict": "overloaded"}
            ),
            energy={
                "devices": dict.fromkeys(names, dict.fromkeys(DEVICE, 1.234567e-300)),
                "total_per_completed_j": 1e200,
                "budgeted_per_completed_j": 1e-200,
            },
            invariants=[{"name": LONG, "held": False, "detail": LONG}],
            decisions={"count": 5, "refused": 5, "failures": {LONG: 5}, "refusals": [LONG * 4] * 5},
            notes=[LONG * 3],
            assumed=[LONG],
        ),
        status="truncated",
    )
    assert text.count("1000000000000") >= 2 * 61
    assert text.count("-0.001235") >= 61
    assert text.count("1.235e-100") == 61
    assert "33.33" in text
    assert "agent_wait 1.00 %" in text
    assert "(truncated)" in text
    assert "INVARIANT BROKEN" in text
    assert text.count("overloaded") == 60
    assert text.count("ALLOCATOR FAILED in 5 of 5 decisions") == 1
    assert "None" not in text


def test_groups_without_an_interval_are_named_in_lines_that_fit() -> None:
    names = [f"{LONG}-{place}" for place in range(20)]
    assert page(summary(groups=dict.fromkeys(names, GROUP))).count("run too short") == 1


def test_the_worst_comes_first() -> None:
    violations = {"judged": 200, "violated": 50, "causes": {"uplink": 20, "design": 30}}
    total = GROUP | {"violation_rate": 0.25, "violations": violations}
    first, second = page(summary(verdict="overloaded", total=total)).splitlines()[:2]
    assert first.startswith("OVERLOADED")
    assert second.startswith("violations: 25.00 % of 200 requests whose deadline fell into the run")
    assert "cause: design 15.00 %, uplink" in second


@pytest.mark.parametrize(
    ("violated", "text"), [(0, "0.00 %"), (1, "below 0.01 %"), (4, "below 0.01 %"), (5, "0.01 %")]
)
def test_few_violations_do_not_read_as_none(violated: int, text: str) -> None:
    causes = {"uplink": violated} if violated else {}
    violations = {"judged": 100_000, "violated": violated, "causes": causes}
    total = GROUP | {"violation_rate": violated / 100_000, "violations": violations}
    line = page(summary(total=total)).splitlines()[1]
    assert line.startswith(f"violations: {text} of 100000 requests")
    assert (f"(cause: uplink {text})" in page(summary(total=total)).replace("\n ", "")) == bool(
        violated
    )


def test_replications_have_a_table() -> None:
    metrics = {"mean delay s": {"mean": 2.5, "interval95": [2.0, 3.0]}}
    metrics["violation rate"] = {"mean": None, "interval95": None}
    verdicts = {"stable": 6, "backlogged": 1}
    over = {"count": 7, "asked": 7, "verdicts": verdicts, "groups": {LONG: metrics, "b": metrics}}
    text = page(summary(replications=over))
    assert "7 replications: 6 stable, 1 backlogged" in text
    assert "of 20, the others were interrupted" in page(summary(replications=over | {"asked": 20}))
    assert text.count("[2, 3]") == 2


@pytest.mark.parametrize("rate", [0.0, 1.0, 40.0])
def test_a_real_summary(rate: float) -> None:
    """From nothing to do, over business as usual, to an overload."""
    if rate:
        document = toy(duration=60.0, agents__a__arrivals__rate=rate)
    else:
        document = toy(duration=60.0, warmup=59.0, agents__a__arrivals__rate=1e-9)
    document["agents"] = {LONG: document["agents"]["a"]}
    result = run(load(document))
    text = page(result.summary, **{"status": result.manifest["status"]})
    assert result.summary["verdict"].upper() == text.split(":")[0]
    assert (result.summary["verdict"] == "overloaded") == (rate == 40.0)


def test_a_design_fits_the_page_and_names_every_term() -> None:
    document = toy(models__m__split="auto", agents__a__placement="auto")
    document["agents"] = {LONG: document["agents"]["a"]}
    text = render_design(solve(load(document)))
    assert all(len(line) <= 100 for line in text.splitlines())
    for term in ("agent", "uplink", "links to the server", "server", "links back", "slack"):
        assert term in text
    assert "and 2 like it" in text
    assert "None" not in text


def test_a_design_that_needs_its_headroom_says_so() -> None:
    """Shares of a crowded cell are smaller than what ``exact`` counts on."""
    shares = ["network.cells.gnb-1.uplink_scheduler=allocated"]
    for changes, words in (
        ([], "\nfeasible; no"),
        (shares, "\nfeasible with part of the headroom; no"),
    ):
        assert words in render_design(solve(load("warehouse_contention", changes)))


def test_checks_have_a_verdict_each() -> None:
    check = {"name": LONG * 2, "expected": 1.0, "got": 1e-300, "tolerance": 1e-12}
    text = render_checks([check | {"verdict": "passed"}, check | {"verdict": "FAILED"}])
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.endswith("\n\n1 of 2 passed\n")


def test_no_bar_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("title") as report:
        report(0.5)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("verdict", "rate", "cause", "word"),
    [
        ("stable", 0.9, "server_wait", "(server_wait), for which allocator.headroom"),
        ("stable", 0.9, "design", "over budget from the start"),
        ("stable", 0.9, "dropped", "refused on arrival"),
        ("stable", 0.9, "agent_compute", None),
        ("stable", 0.05, "server_wait", None),
        ("overloaded", 0.9, "server_wait", None),
    ],
)
def test_a_stable_run_that_misses_its_budgets_says_so(
    verdict: str, rate: float, cause: str, word: str | None
) -> None:
    causes = {"uplink": 1, cause: 9}
    total = GROUP | {
        "violation_rate": rate,
        "violations": {"judged": 20, "violated": 10, "causes": causes},
    }
    page = " ".join(render_summary(summary(verdict=verdict, total=total), {}).split())
    assert (word is not None) == ("not that budgets are met" in page)
    assert word is None or word in page


@pytest.mark.parametrize(
    ("mean", "text"),
    [(0.2, "its quality is 0.2 on average"), (None, "its quality is not known"), (0.9, "")],
)
def test_a_floor_that_is_missed_is_named(mean: float | None, text: str) -> None:
    groups = {"a": {**GROUP, "completed": 3, "quality_mean": mean}}
    shown = page(summary(groups=groups), scenario={"agents": {"a": {"quality_floor": 0.9}}})
    assert ("quality floor missed: a asks for 0.9" in shown) == bool(text)
    assert text in " ".join(shown.split())
    assert "quality floor" not in page(summary(groups=groups))
