"""Which entry speaks of which number."""

from __future__ import annotations

import pytest

from simran.catalog import (
    Document,
    Provenance,
    covering,
    describe,
    dotted,
    is_number,
    key_path,
    leaves,
    provenance,
)
from simran.errors import ScenarioError

ENTRIES = [
    Provenance("states.busy", "derived", "the fit"),
    Provenance("states[1].busy", "measured", "the meter"),
    Provenance("power", "assumed", "nothing better"),
    Provenance("pow", "assumed", "no such key"),
]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (("states", 0, "busy"), "the fit"),
        (("states", 1, "busy"), "the meter"),
        (("states", 1, "idle"), None),
        (("power", "idle"), "nothing better"),
        (("power",), "nothing better"),
        (("busy",), None),
    ],
)
def test_the_longest_key_that_leads_to_a_leaf_speaks_of_it(
    path: tuple[str | int, ...], source: str | None
) -> None:
    entry = covering(ENTRIES, path)
    assert (entry and entry.source) == source


def test_the_order_of_the_entries_does_not_matter() -> None:
    entry = covering(ENTRIES[::-1], ("states", 1, "busy"))
    assert entry is not None
    assert entry.kind == "measured"


@pytest.mark.parametrize("text", ["a", "a.b", "a[3]", "a[3].b", "a.b[0][1].c"])
def test_key_paths_read_back(text: str) -> None:
    assert dotted(key_path(text)) == text


@pytest.mark.parametrize(
    ("value", "yes"),
    [
        (0, True), (1.5, True), ("1e-28", True), ("64 B", True), ("2e-30 W/Hz^3", True),
        ("-3 dBm", True), ("q-former", False), ("39 blocks of it", False), ("", False), (None, False),
        (False, False), ("30W-mode", False),
    ],
)  # fmt: skip
def test_numbers_are_told_from_words(value: object, yes: bool) -> None:
    assert is_number(value) is yes


def test_a_profile_s_words_about_itself_are_no_leaves() -> None:
    data = {"description": "x", "mode": "a", "provenance": {"p": 1}, "p": 2, "m": {"mode": 3}}
    assert list(leaves(data)) == [(("p",), 2), (("m", "mode"), 3)]


@pytest.mark.parametrize(
    "entry",
    [{"kind": "guessed", "source": "x"}, {"kind": "assumed"}, {"kind": "assumed", "source": ""}, 3],
)
def test_an_entry_needs_kind_and_source(entry: object) -> None:
    with pytest.raises(ScenarioError, match="expected kind"):
        provenance(Document({"provenance": {"p": entry}}))


def test_a_description_tells_measured_states_from_derived_ones() -> None:
    rows = describe("devices", "jetson-agx-orin-64gb")
    busy = {row["quantity"]: row for row in rows if "30W.states" in row["quantity"]}
    assert busy["modes.30W.states.busy"]["kind"] == "derived"
    assert len(busy["modes.30W.states.busy"]["value"]) == 5
    assert busy["modes.30W.states[5].busy"]["kind"] == "measured"
    assert busy["modes.30W.states[5].busy"]["value"] == "7.6 W"
