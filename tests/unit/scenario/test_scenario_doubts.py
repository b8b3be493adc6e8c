"""Bare numbers that are legal and can hardly be meant."""

from __future__ import annotations

from typing import Any

import pytest
from toy import toy

from simran.catalog import scenario_names
from simran.scenario import load


def said(**changes: Any) -> list[str]:
    """Return the doubts about a toy scenario without places."""
    return [f"{it.path}: {it.message} ({it.suggestion})" for it in load(toy(**changes)).doubts]


BAND = {"sharing": "frequency", "bandwidth": "5 MHz"}


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ({"rate": "50 Mbit/s"}, ""),
        ({"rate": "51 Mbit/s"}, "51 Mbit/s in 5 MHz are 10.2 bit/s/Hz, an SNR of 30.7 dB"),
        (
            {"states": [{"rate": "9 Mbit/s", "dwell": 1}, {"rate": "100 Mbit/s", "dwell": 1}]},
            "100 Mbit/s in 5 MHz are 20 bit/s/Hz, an SNR of 60.2 dB",
        ),
    ],
)
def test_more_than_a_band_carries(channel: dict[str, Any], told: str) -> None:
    scenario = load(toy(network__cells__cell={"channel": channel, **BAND}))
    found = [f"{it.path}: {it.message}" for it in scenario.doubts]
    assert found == ([f"network.cells.cell.bandwidth: {told}"] if told else [])
    assert [told in note for note in scenario.notes if "check rate and bandwidth" in note] == [
        True for _ in found
    ]


def test_a_bare_bandwidth_is_doubted() -> None:
    cell = {"channel": {"rate": "20 Mbit/s"}, "sharing": "frequency", "bandwidth": 20}
    first, second = said(network__cells__cell=cell)
    assert first.endswith("bandwidth: 20 is read as 20 Hz (write 20 MHz if that was meant)")
    assert "1e+06 bit/s/Hz" in second


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (
            "network__cells__cell__channel__rate",
            50,
            "50 is read as 50 bit/s (write 50 Mbit/s if that was meant)",
        ),
        ("agents__a__transmit__power", 23, "23 is read as 23 W (write 23 dBm if that was meant)"),
        (
            "agents__a__transmit__power",
            "23",
            "'23' is read as 23 W (write 23 dBm if that was meant)",
        ),
        ("agents__a__budget__delay", 300, "300 is read as 300 s (write 300 ms if that was meant)"),
        ("devices__robot__f_max", 2, "2 is read as 2 Hz (write 2 GHz if that was meant)"),
        ("devices__edge__memory", 48, "48 is read as 48 B (write 48 GB if that was meant)"),
        ("models__m__input", 150, "150 is read as 150 bit (write 150 KiB if that was meant)"),
    ],
)
def test_a_bare_number_of_the_wrong_size(path: str, value: object, words: str) -> None:
    assert said(**{path: value}) == [f"{path.replace('__', '.')}: {words}"]


def test_entries_of_lists() -> None:
    link = {"between": ["cell", "server"], "rate": 10, "delay": 5}
    assert [line.split(" ")[0] for line in said(network__links=[link])] == [
        "network.links[0].rate:",
        "network.links[0].delay:",
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("network__cells__cell__channel__rate", "50 bit/s"),
        ("network__cells__cell__channel__rate", "unlimited"),
        ("network__cells__cell__channel__rate", 50e6),
        ("agents__a__transmit__power", "23 W"),
        ("agents__a__transmit__power", 0.2),
        ("agents__a__budget__delay", 3.5),
        ("agents__a__budget__delay", 60),
        ("devices__robot__f_max", 2e9),
    ],
)
def test_a_unit_or_a_sensible_number_is_taken_at_its_word(path: str, value: object) -> None:
    assert said(**{path: value}) == []


@pytest.mark.parametrize("name", scenario_names())
def test_shipped_scenarios_raise_no_doubts(name: str) -> None:
    assert load(name).doubts == ()


def test_results_keep_them_as_notes() -> None:
    scenario = load(toy(agents__a__transmit__power=23))
    assert (
        "agents.a.transmit.power: 23 is read as 23 W (write 23 dBm if that was meant)"
        in scenario.notes
    )
