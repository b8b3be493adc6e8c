"""The largest value that meets a target, by doubling and then halving the bracket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Point", "bracket", "capacity_of"]

_DOUBLINGS = 14


@dataclass(frozen=True)
class Point:
    """What was found at one value.

    Parameters
    ----------
    value : of the key that was varied
    met : whether the target is met there
    sure : whether that was told apart from chance
    found : more about it, as plain data
    """

    value: float
    met: bool
    sure: bool = True
    found: dict[str, Any] = field(default_factory=dict)


def bracket(
    test: Callable[[float], Point], start: float, whole: bool, tolerance: float = 0.05
) -> list[Point]:
    """Return the points tried, in their order, to find the largest value that meets the target.

    What meets the target at a value is taken to meet it at every lower one. From the start the value is
    doubled while it meets the target, or halved until it does, at most 14 times; then the bracket is
    halved until its ends are neighbours (whole numbers) or differ by the tolerance.

    Parameters
    ----------
    test : says of a value whether it meets the target
    start : where to begin, above 0
    whole : whether values are whole numbers, of at least 1
    tolerance : relative width of the bracket to end with, for other numbers

    Examples
    --------
    >>> [point.value for point in bracket(lambda it: Point(it, it <= 5), 3, whole=True)]
    [3, 6, 4, 5]
    """
    points = [test(start)]
    low: float | None = start if points[0].met else None
    high: float | None = None if points[0].met else start
    for _ in range(_DOUBLINGS):
        if low is not None and high is not None:
            break
        value = _next(low, high, whole)
        if value is None:
            return points
        points.append(test(value))
        low, high = (value, high) if points[-1].met else (low, value)
    while low is not None and high is not None and not _narrow(low, high, whole, tolerance):
        value = (int(low) + int(high)) // 2 if whole else (low + high) / 2
        points.append(test(value))
        low, high = (value, high) if points[-1].met else (low, value)
    return points


def _next(low: float | None, high: float | None, whole: bool) -> float | None:
    """Return what to try where one end is missing; None where there is nothing below."""
    if low is not None:
        return 2 * low
    end = high if high is not None else 0.0
    if not whole:
        return end / 2
    return int(end) // 2 or None


def _narrow(low: float, high: float, whole: bool, tolerance: float) -> bool:
    return high - low <= 1 if whole else high - low <= tolerance * low


def capacity_of(points: Iterable[Point]) -> dict[str, Any]:
    """Return the largest value that met the target, and the ends between which it surely lies.

    Parameters
    ----------
    points : as :func:`bracket` tried them

    Returns
    -------
    mapping with ``capacity`` (None if no value met the target) and ``bracket``: the largest value that
    surely met it and the smallest that surely did not, None where there is none
    """
    tried: Sequence[Point] = sorted(points, key=lambda point: point.value)
    missed = [point.value for point in tried if not point.met]
    met = [point.value for point in tried if point.met]
    surely = [
        [point.value for point in tried if point.sure and point.met is wanted]
        for wanted in (True, False)
    ]
    return {
        "capacity": max(met, default=None),
        "limited": bool(missed),
        "bracket": [max(surely[0], default=None), min(surely[1], default=None)],
    }
