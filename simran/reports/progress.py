"""The progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from simran.reports.tables import figure

__all__ = ["progress_bar", "progress_table"]


@contextmanager
def progress_bar(title: str, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Show a bar on stderr while a run goes on; nothing if quiet, or where that is no terminal.

    Yields a function that takes the done fraction, in [0, 1].
    """
    if quiet or not sys.stderr.isatty():
        yield lambda fraction: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    parts = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*parts, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda fraction: bar.update(task, completed=fraction)
        bar.update(task, completed=1.0)


@contextmanager
def progress_table(
    title: str, runs: int, quiet: bool = False
) -> Iterator[Callable[[str, int, Mapping[str, Any]], None]]:
    """Show on stderr how far each allocator is, and what was found so far; nothing if quiet or no terminal.

    Yields a function that takes the label, the number and the record of a run that has ended.

    Parameters
    ----------
    title : of the table
    runs : how many there will be of each label
    quiet : show nothing
    """
    if quiet or not sys.stderr.isatty():
        yield lambda label, replication, record: None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    found: dict[str, list[Mapping[str, Any]]] = {}

    def drawn() -> Table:
        table = Table(title=title, box=None)
        for name in ("allocator", "runs", "violations %", "delay s", "distortion"):
            table.add_column(name, justify="left" if name == "allocator" else "right")
        for label, totals in found.items():
            parts = [(100.0, "violation_rate"), (1.0, "delay_mean_s"), (1.0, "distortion_mean")]
            cells = [_mean(scale, [it[name] for it in totals]) for scale, name in parts]
            table.add_row(label, f"{len(totals)}/{runs}", *cells)
        return table

    with Live(drawn(), console=Console(stderr=True), auto_refresh=False) as live:

        def told(label: str, replication: int, record: Mapping[str, Any]) -> None:
            found.setdefault(label, []).append(record["figures"]["total"])
            live.update(drawn(), refresh=True)

        yield told


def _mean(scale: float, values: list[float | None]) -> str:
    known = [it for it in values if it is not None]
    return figure(scale * sum(known) / len(known)) if known else "–"
