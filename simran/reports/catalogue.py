"""Profiles of the catalogue, and what a design owes to their assumed numbers, as text."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simran.reports.tables import bullet, figure, filled, table, width

__all__ = ["render_profiles", "render_sensitivity"]


def render_profiles(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows of profiles as one table for each, under its name and description.

    Sources are numbered and stand below the table: they are sentences, and a column of them would leave
    no room for values.
    """
    parts = []
    for name, group in itertools.groupby(rows, key=lambda row: str(row["name"])):
        own = list(_folded(list(group)))
        title = textwrap.fill(f"{name}: {own[0]['description']}", width())
        told = dict.fromkeys(str(row["source"]) for row in own if row["source"])
        numbers = {source: f"[{number}]" for number, source in enumerate(told, 1)}
        cells = [
            [
                str(row["quantity"]),
                _shown(row["value"]),
                str(row["kind"]),
                numbers.get(str(row["source"]), ""),
            ]
            for row in own
        ]
        listed = [table(["quantity", "value", "kind", "source"], cells, True)]
        listed += ["\n".join(_source(number, it) for it, number in numbers.items())]
        parts.append("\n\n".join([title, *filter(None, listed)]))
    return "\n\n\n".join(parts) or "nothing to list"


def _source(number: str, text: str) -> str:
    """Return a source under its number; paths are not broken, so that they can be copied."""
    return textwrap.fill(
        text,
        width(),
        initial_indent=f"{number} ".rjust(5),
        subsequent_indent=" " * 5,
        break_on_hyphens=False,
    )


def _folded(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield rows, of which those that differ in the bit-width alone are one."""
    for _, run in itertools.groupby(rows, key=_curve):
        own = list(run)
        if len(own) == 1:
            yield own[0]
            continue
        points = [f"{_bit_width(row)}:\u00a0{_brief(row['value'])}" for row in own]
        quantity = str(own[0]["quantity"]).rpartition(".")[0]
        yield {**own[0], "quantity": f"{quantity} at bits", "value": "; ".join(points)}


def _curve(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the points of a curve have in common; no other row has it."""
    quantity = str(row["quantity"])
    stem = quantity.rpartition(".")[0]
    if not _bit_width(row).isdigit() or not re.search(
        r"(measured|curves)\.|feature_distortion$", stem
    ):
        stem = quantity
    return stem, str(row["kind"]), str(row["source"])


def _bit_width(row: Mapping[str, Any]) -> str:
    return str(row["quantity"]).rpartition(".")[2]


def _brief(value: Any) -> str:
    """Return a value of a curve, or the range of those of all blocks."""
    if not isinstance(value, list):
        return figure(value)
    low, high = figure(min(value)), figure(max(value))
    return low if low == high else f"{low}…{high}"


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
    quiet = {row["assumed"] for row in study["rows"]} - {row["assumed"] for row in changing}
    rows: list[list[str] | str] = [*_cells("as it is", study["base"])]
    for _, group in itertools.groupby(changing, key=lambda row: row["assumed"]):
        of_this = list(group)
        one = of_this[0]
        title = f"{one['assumed']} = {_shown(one['value'])}: {one['source']}"
        rows.append(textwrap.shorten(title, width(), placeholder=" …"))
        for row in of_this:
            rows += _cells(f"  × {row['factor']:g}", row)
    parts = [
        filled(
            f"{study['scenario']}: {study['allocator']}, every assumed number halved and doubled"
        ),
        filled(f"assumes {study['assumes']}"),
        *map(filled, _without(study["base"])),
    ]
    if changing or study["base"]["feasible"]:
        header = ["", "group", "bits", "agent GHz", "server GHz"]
        header += ["distortion", "delay s", "energy J", "feasible"]
        parts += ["", table(header, rows), ""]
    if quiet:
        feasible = study["base"]["feasible"]
        what = "changes the design" if feasible else "makes it feasible"
        parts.append(bullet(f"neither half nor double {what}: {_by_owner(sorted(quiet))}"))
    for why, names in _left_out(study["left_out"]).items():
        parts.append(bullet(f"{why}: {_by_owner(names)}"))
    return "\n".join(parts).rstrip() + "\n"


def _without(base: Mapping[str, Any]) -> Iterator[str]:
    """Yield, for each group that has no design, why."""
    for agent in base["agents"]:
        if not agent["feasible"]:
            yield f"{agent['group']}: {agent['reason']}"


def _by_owner(paths: Sequence[str]) -> str:
    """Return key paths by the model or device that they belong to."""
    owners: dict[str, list[str]] = {}
    for path in paths:
        kind, name, rest = path.split(".", 2)
        owners.setdefault(f"{kind}.{name}", []).append(rest)
    return "; ".join(f"{owner}: {', '.join(rest)}" for owner, rest in owners.items())


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
    """Return the numbers that were not tried, by the reason in a few words."""
    groups: dict[str, list[str]] = {}
    for item in items:
        if item["factor"] is None:
            groups.setdefault(f"not tried, {item['why']}", []).append(item["assumed"])
        else:
            what = "half" if item["factor"] < 1 else "double"
            groups.setdefault(f"{what} is out of bounds", []).append(item["assumed"])
    return groups
