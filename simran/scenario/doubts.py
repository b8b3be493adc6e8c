"""Numbers without a unit that are legal, and so far from any real one that another unit was meant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simran.catalog import leaves
from simran.errors import Fault, shown
from simran.scenario.compose import Composed
from simran.units import parse

__all__ = ["BOUNDS", "doubts"]

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Between which figures a bare number of one kind is taken at its word.

    Parameters
    ----------
    si : unit in which a bare number is read
    meant : unit that is likely to be meant outside the bounds
    least, most : bounds, in SI
    """

    si: str
    meant: str
    least: float = 0.0
    most: float = math.inf


_RATE = _Bounds("bit/s", "Mbit/s", least=1e4)
_BAND = _Bounds("Hz", "MHz", least=1e4)
_CLOCK = _Bounds("Hz", "GHz", least=1e6)
_POWER = _Bounds("W", "dBm", most=10.0)
_MEMORY = _Bounds("B", "GB", least=1e6)
_DATA = _Bounds("bit", "KiB", least=1e3)
_FLOPS = _Bounds("FLOP", "GFLOP", least=1e6)
_LINK_DELAY = _Bounds("s", "ms", most=2.0)
_BUDGET_DELAY = _Bounds("s", "ms", most=60.0)

#: By key path; ``*`` stands for a name or the place in a list.
BOUNDS: Mapping[tuple[str, ...], _Bounds] = {
    ("network", "cells", "*", "channel", "rate"): _RATE,
    ("network", "cells", "*", "channel", "states", "*", "rate"): _RATE,
    ("network", "cells", "*", "bandwidth"): _BAND,
    ("network", "links", "*", "rate"): _RATE,
    ("network", "links", "*", "delay"): _LINK_DELAY,
    ("agents", "*", "transmit", "power"): _POWER,
    ("agents", "*", "budget", "delay"): _BUDGET_DELAY,
    ("devices", "*", "f_max"): _CLOCK,
    ("devices", "*", "frequencies", "*"): _CLOCK,
    ("devices", "*", "states", "*", "frequency"): _CLOCK,
    ("devices", "*", "memory"): _MEMORY,
    ("models", "*", "input"): _DATA,
    ("models", "*", "blocks", "*", "flops"): _FLOPS,
}


def doubts(whole: Composed) -> Iterator[Fault]:
    """Yield, for each bare number that no one can mean, how it is read and what to write instead.

    Parameters
    ----------
    whole : a sound scenario
    """
    for path, value in leaves(whole.data):
        bounds = BOUNDS.get(_pattern(path))
        if bounds is None:
            continue
        try:
            number = parse(value, "number")
        except ValueError:
            continue  # with a unit, or a word
        if not bounds.least <= number <= bounds.most:
            meant = f"{number:.12g} {bounds.meant}"
            message = f"{shown(value)} is read as {number:.12g} {bounds.si}"
            yield whole.fault(path, message, f"write {meant} if that was meant")


def _pattern(path: Key) -> tuple[str, ...]:
    named = 2 if path[:2] == ("network", "cells") else 1 if path[0] != "network" else 0
    return tuple(
        "*" if isinstance(part, int) or (named and place == named) else str(part)
        for place, part in enumerate(path)
    )
