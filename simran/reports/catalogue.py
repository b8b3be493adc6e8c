"""Profiles of the catalogue, and what a design owes to their assumed numbers, as text."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simran.reports.tables import WIDTH, bullet, figure, table

__all__ = ["render_profiles", "render_sensitivity"]


def render_profiles(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows of profiles as one table for each, under its name and description."""
    parts = []
    for name, group in itertools.groupby(rows, key=lambda row: str(row["name"])):
        own = list(group)
        title = textwrap.fill(f"{name}: {own[0]['description']}", WIDTH)
        cells = []
        for row, before in zip(own, [None, *own], strict=False):
            again = before is not None and row["source"] == before["source"]
            source = "as above" if again and row["source"] else str(row["source"])
            cells.append([str(row["quantity"]), _shown(row["value"]), str(row["kind"]), source])
        parts.append(f"{title}\n\n{table(['quantity', 'value', 'kind', 'source'], cells, True)}")
    return "\n\n\n".join(parts) or "nothing to list"


def _shown(value: Any) -> str:
    """Return a value, or a list of them with repetitions counted and numbered names spanned."""
    if not isinstance(value, list):
        return figure(value, 12)
    return ", ".join(itertools.chain.from_iterable(_spans(value)))


def _spans(values: Sequence[Any]) -> Iterator[list[str]]:
    for (head, numbered), run in itertools.groupby(values, key=_stem):
        items = [figure(it, 12) for it in run]
        if numbered and len(items) > 2:
            yield [f"{items[0]} … /{items[-1].removeprefix(head + '/')}"]
        elif not numbered and len(items) > 1:
            yield [f"{len(items)} × {items[0]}"]
        else:
            yield items


def _stem(value: Any) -> tuple[str, bool]:
    """Return what a value has in common with its neighbours, and whether a number follows it."""
    text = figure(value, 12)
    head, slash, number = text.rpartition("/")
    return (head, True) if slash and number.isdigit() else (text, False)


def render_sensitivity(study: Mapping[str, Any]) -> str:
    """Return what ``simran solve --sensitivity`` found: what moves the design, and what does not."""
    changing = [row for row in study["rows"] if row["changes"]]
    quiet = sorted({row["assumed"] for row in study["rows"]} - {row["assumed"] for row in changing})
    cells = _cells("as it is", study["base"])
    titles: dict[int, str] = {}
    for assumed, rows in itertools.groupby(changing, key=lambda row: row["assumed"]):
        of_this = list(rows)
        titles[len(cells)] = f"{assumed} = {_shown(of_this[0]['value'])}: {of_this[0]['source']}"
        for row in of_this:
            cells += _cells(f"  × {row['factor']:g}", row)
    header = ["", "group", "bits", "agent GHz", "server GHz"]
    header += ["distortion", "delay s", "energy J", "feasible"]
    lines = table(header, cells).splitlines()
    for place, title in sorted(titles.items(), reverse=True):
        lines[place + 2 : place + 2] = ["", textwrap.shorten(title, WIDTH, placeholder=" …")]
    notes = []
    if quiet:
        notes.append(bullet(f"neither half nor double changes the design: {', '.join(quiet)}"))
    for why, group in _left_out(study["left_out"]).items():
        notes.append(bullet(f"left out: {', '.join(group)} ({why})"))
    head = f"{study['scenario']}: {study['allocator']}, every assumed number halved and doubled"
    return "\n".join([head, f"assumes {study['assumes']}", "", *lines, "", *notes]).rstrip() + "\n"


def _cells(label: str, design: Mapping[str, Any]) -> list[list[str]]:
    rows = []
    for agent in design["agents"]:
        placement = agent["placement"]
        rows.append(
            [
                label,
                textwrap.shorten(str(agent["group"]), 16, placeholder="…"),
                figure(agent["weight_bits"]) if agent["weight_bits"] else placement or "refused",
                _ghz(agent["agent_frequency_hz"]),
                _ghz(agent["server_frequency_hz"]),
                figure(agent["distortion"]),
                figure(agent["delay_s"]),
                figure(agent["energy_j"]),
                figure(agent["feasible"]),
            ]
        )
        label = ""
    return rows


def _ghz(value: float | None) -> str:
    return figure(None if value is None else value / 1e9)


def _left_out(items: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the numbers that were not tried, by the reason."""
    groups: dict[str, list[str]] = {}
    for item in items:
        name = (
            item["assumed"] if item["factor"] is None else f"{item['assumed']} × {item['factor']:g}"
        )
        groups.setdefault(str(item["why"]), []).append(name)
    return groups
