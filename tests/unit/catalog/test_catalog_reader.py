"""YAML with places: what is read as what, and how much of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from simran.catalog import parse_document, parse_scalar, read_document, read_text
from simran.catalog import reader as module
from simran.errors import ScenarioError


@pytest.fixture(params=["SafeLoader", "CSafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with each of the two parsers that PyYAML may have."""
    monkeypatch.setattr(module, "_Loader", getattr(yaml, request.param))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-28", 1e-28),
        ("1.0e-28", 1e-28),
        ("1.", 1.0),
        (".5", 0.5),
        ("-3", -3),
        ("+3", 3),
        ("010", 10),
        ("9007199254740993", 9007199254740993),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1" + "0" * 45, 1e45),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        *((word, word) for word in ["off", "on", "no", "yes", "y", "tRUE", "1:30", "1_000"]),
        *(
            (word, word)
            for word in ["0x10", "0o17", ".inf", "-.inf", ".nan", "1e400", "2024-01-01"]
        ),
        ("9" * 400, "9" * 400),
        ("\u0661", "\u0661"),
        ("3 s", "3 s"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    found = parse_scalar(text)
    assert found == value
    assert type(found) is type(value)
    if text:
        assert parse_document(f"a: {text}", "x").data == {"a": value}


def test_what_is_quoted_is_text() -> None:
    text = "a: '1'\nb: \"true\"\nc: |\n  5\nd: ''\ne: plain\n"
    expected = {"a": "1", "b": "true", "c": "5\n", "d": "", "e": "plain"}
    assert parse_document(text, "x").data == expected


def test_every_key_has_its_place() -> None:
    text = "a: 1\nb:\n  - {c: 2, d: [3,\n     4]}\n  - five\n"
    document = parse_document(text, "f.yaml")
    places = {path: (mark.line, mark.column) for path, mark in document.marks.items()}
    assert places == {
        (): (1, 1),
        ("a",): (1, 1),
        ("b",): (2, 1),
        ("b", 0): (3, 5),
        ("b", 0, "c"): (3, 6),
        ("b", 0, "d"): (3, 12),
        ("b", 0, "d", 0): (3, 16),
        ("b", 0, "d", 1): (4, 6),
        ("b", 1): (5, 5),
    }
    assert {mark.file for mark in document.marks.values()} == {"f.yaml"}


def test_an_alias_is_a_copy_with_the_places_of_its_anchor() -> None:
    document = parse_document("a: &x {b: [1, 2]}\nc: *x\nd: [*x]\n", "f")
    assert document.data == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}]}
    assert document.data["a"] is not document.data["c"]
    assert document.marks["c", "b", 1] == document.marks["a", "b", 1]
    assert document.marks["d", 0, "b"] == document.marks["a", "b"]


def test_a_byte_order_mark_and_other_line_ends_are_read() -> None:
    assert parse_document("\ufeffa: 1\r\nb: 2\r\n", "f").data == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["f:1:1: is empty, expected a mapping"]),
        ("---\n...\n", []),
        (
            "a: 1\na: 2\na: 3",
            ["f:2:1: a: this key is", "f:3:1: a: this key is given twice, first in line 1"],
        ),
        ("a: {b: 1, b: !x 2}", ["f:1:11: a.b: this key", "f:1:14: a.?: tags such as '!x'"]),
        ("a: !!set {b}\nc: !<tag:x> 1", ["f:1:4: a: tags such as '!!set'", "f:2:4: c: tags such"]),
        ("!!str a: 1", ["f:1:1: a key must be a word", "f:1:1: ?: tags such as '!!str'"]),
        ("? {a: 1}\n: [2]\nb: *c", ["f:1:3: a key must be", "f:3:4: b: there is no anchor 'c'"]),
        ("a: 1\n--- \nb: 1", ["f:2:1: holds several documents"]),
        ("a: \x1b[2J", [r"f:1:4: holds the control character '\x1b'"]),
        ("a: b\x07", [r"f:1:5: holds the control character '\x07'"]),
        ("a: [1", ["is not valid YAML"]),
        ("a:\n\tb: 1", ["(indent with spaces, not tabs)"]),
        ("a: 1\nb: 2\n\tc: 3", ["(indent with spaces, not tabs)"]),
        ("a: '\n", ["is not valid YAML"]),
        ("&a [*a]", ["f:1:5: [0]: there is no anchor 'a' before it"]),
        ("%YAML 3.0\n---\na: 1", ["is not valid YAML"]),
        ("a: @b", ["is not valid YAML"]),
    ],
)
def test_faults_of_form(text: str, faults: list[str]) -> None:
    if not faults:
        assert parse_document(text, "f").data is None
        return
    with pytest.raises(ScenarioError) as caught:
        parse_document(text, "f")
    found = [str(fault) for fault in caught.value.faults]
    assert len(found) == len(faults)
    for line, words in zip(found, faults, strict=True):
        assert words[:-1] in line
    assert all(fault.line >= 1 and fault.column >= 1 for fault in caught.value.faults)


def test_depth_and_number_of_values_are_bounded() -> None:
    at_most = "[" * 60 + "1" + "]" * 60
    assert parse_document(at_most, "f").data is not None
    with pytest.raises(ScenarioError, match="nested"):
        parse_document(f"[{at_most}]", "f")
    with pytest.raises(ScenarioError, match="nested"):
        parse_document("a: " + "{a: " * 3000 + "}" * 3000, "f")
    with pytest.raises(ScenarioError, match="more than 100000 values"):
        parse_document("[" + "1," * 100_001 + "]", "f")
    bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    for name, before in zip("bcdefg", "abcdef", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    with pytest.raises(ScenarioError, match="its aliases make more than 100000 values"):
        parse_document(bomb, "f")


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_document('a: "\\ud800"', "f")
    assert caught.value.faults[0].line == 1


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: ä".encode("latin-1"))
    (tmp_path / "utf16.yaml").write_text("a: 1", encoding="utf-16")
    (tmp_path / "long.yaml").write_text("#" * 1_000_001)
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    words = {
        "latin.yaml": "shown:2:4: is not UTF-8 text",
        "utf16.yaml": "shown:1:1: is not UTF-8 text",
        "long.yaml": "shown: is larger than 1000000 bytes",
        "folder.yaml": "shown: is a folder, expected a file",
        "pipe.yaml": "shown: is a pipe or device, expected a file",
        "none.yaml": "shown: cannot be read: No such file or directory",
        "no\0name.yaml": "shown: cannot be read: embedded null byte",
        "x" * 300: "shown: cannot be read: File name too long",
    }
    for name, expected in words.items():
        with pytest.raises(ScenarioError) as caught:
            read_document(tmp_path / name, "shown")
        assert str(caught.value) == expected
    with pytest.raises(ScenarioError, match="is larger than 10 bytes"):
        read_text(tmp_path / "long.yaml", most_bytes=10)
