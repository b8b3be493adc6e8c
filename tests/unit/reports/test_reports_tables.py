"""Figures and tables for people."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pytest

from simran.reports import render_rows
from simran.reports.tables import bullet, figure, filled, table, width


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (19999.5, "20000"),
        (12345.678, "12346"),
        (1234567.8, "1234568"),
        (9999999.4, "9999999"),
        (9999999.7, "10000000"),
        (1e7, "1e+07"),
        (123456789.0, "1.235e+08"),
        (999.96, "1000"),
        (99.994, "99.99"),
        (99.996, "100"),
        (3.5, "3.5"),
        (2.0, "2"),
        (100.0, "100"),
        (0.5, "0.5"),
        (0.123456, "0.1235"),
        (0.001, "0.001"),
        (0.00123456, "0.001235"),
        (0.00099999, "0.001"),
        (0.000123456, "0.0001235"),
        (2.5e-7, "2.5e-07"),
        (-19999.5, "-20000"),
        (-0.00123456, "-0.001235"),
        (0.0, "0"),
        (-0.0, "0"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "–"),
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (5000, "5000"),
        (123456789012, "123456789012"),
        ("word", "word"),
        (np.float64(0.25), "0.25"),
        (np.int64(7), "7"),
    ],
)
def test_a_figure(value: object, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize("digits", [2, 4, 6, 12])
def test_a_figure_has_the_digits_that_were_asked_for(digits: int) -> None:
    draw = np.random.default_rng(digits)
    for value in (10 ** draw.uniform(-12, 12, 2000)).tolist():
        text = figure(value, digits)
        assert float(text) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
        if 1e-3 <= value < 1e7:
            assert "e" not in text
            assert abs(float(text) - value) <= 0.5  # no digit before the point is lost


def lines(text: str) -> list[str]:
    assert max(map(len, text.splitlines())) <= width()
    return text.splitlines()


def test_a_table_is_aligned() -> None:
    assert table(["name", "n"], [["a", "1"], ["bcdefg", "23"]]) == (
        "name     n\n------  --\na        1\nbcdefg  23"
    )


def test_a_long_name_is_wrapped_and_no_number_is_broken() -> None:
    numbers = ["1234567", "0.001235 ±0.00012", "-1.235e-07", "9999999"]
    rows = [["a-group-with-a-very-long-name-" * 5, *numbers], ["b", *numbers]]
    text = table(["group", "done", "delay s", "energy J", "distortion"], rows)
    lines(text)
    for number in " ".join(numbers).split():
        assert len(re.findall(rf"(?<!\S){re.escape(number)}(?!\S)", text)) >= 2, number
    assert "".join(line.split("  ")[0] for line in lines(text)).count("very-long-name") == 5


def test_columns_for_which_there_is_no_room_follow_below() -> None:
    header = ["name", *(f"column{place:05d}" for place in range(20))]
    row = ["first", *(f"{place}.2345e-100" for place in range(20))]
    text = table(header, [row])
    parts = [part.splitlines() for part in text.split("\n\n")]
    lines(text)
    assert len(parts) == 3
    assert all(part[0].startswith("name") and part[2].startswith("first") for part in parts)
    words = text.split()
    assert [word for word in words if word.startswith("column")] == header[1:]
    assert [word for word in words if word.endswith("e-100")] == row[1:]


def test_rows_of_words_are_wrapped_in_every_column() -> None:
    rows = [{"name": "x" * 150, "what": "many words " * 30, "n": 12345678.5}, {"name": "y"}]
    text = render_rows(rows)
    lines(text)
    assert text.count("x") == 150
    assert text.count("words") == 30
    assert "12345678.5" in text
    assert "–" in text
    assert render_rows([]) == "nothing to list"


def test_names_of_a_list_are_broken_last() -> None:
    name = "blocks[12].flops.per_frame_squared"
    lines = table(
        ["quantity", "value", "source"], [[name, "1 GHz, " * 8, "so " * 40]], True
    ).splitlines()
    assert lines[2].startswith(f"{name}  1 GHz,")
    assert max(map(len, lines)) <= 100


def test_lists_and_sentences_are_wrapped() -> None:
    text = "word " * 60
    assert all(line.startswith(("- ", "  ")) for line in lines(bullet(text)))
    assert all(line.startswith("  ") for line in lines(filled(text))[1:])
    assert len(lines(filled("x" * 250))) == 3


class Terminal(io.StringIO):
    """What is written to goes to somebody's screen."""

    def isatty(self) -> bool:
        return True


def _on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))


@pytest.mark.parametrize("columns", [60, 80, 99])
def test_tables_fit_the_terminal_and_no_figure_is_cut(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    _on_a_terminal(monkeypatch, columns)
    numbers = ["1234567", "0.001235 ±0.00012", "-1.235e-07", "9999999", "0.0123", "12.5"]
    rows = [["inspector", *numbers], ["a-group-with-a-very-long-name", *numbers]]
    header = ["group", "done", "delay s", "energy J", "distortion", "quality", "viol. %"]
    listed = render_rows([{"name": "x" * 50, "value": 123456789012.5, "source": "words " * 40}])
    for text in (table(header, rows), listed, filled("word " * 50), bullet("word " * 50)):
        assert max(map(len, text.splitlines())) <= columns
    text = table(header, rows)
    for number in " ".join(numbers).split():
        assert len(re.findall(rf"(?<!\S){re.escape(number)}(?!\S)", text)) == 2, number
    assert "inspector " in text
    assert "123456789012" in listed
    assert width() == columns


@pytest.mark.parametrize(("columns", "used"), [(20, 40), (300, 100)])
def test_widths_have_bounds(monkeypatch: pytest.MonkeyPatch, columns: int, used: int) -> None:
    _on_a_terminal(monkeypatch, columns)
    assert width() == used


def test_a_file_or_pipe_is_as_wide_as_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert width() == 100


def test_a_title_stands_alone_and_widens_no_column() -> None:
    assert table(["a", "b"], [["1", "2"], "of those that follow", ["3", "4"]]) == (
        "a  b\n-  -\n1  2\n\nof those that follow\n3  4"
    )
