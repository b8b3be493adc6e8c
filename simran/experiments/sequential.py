"""Whether a target is met, looked at again and again as replications come in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simran.errors import InputError, UnknownNameError, shown
from simran.experiments.measures import MEASURES
from simran.experiments.replications import interval, rate_interval
from simran.results.statistics import number

__all__ = ["Target", "Verdict", "error_of", "judge", "looks"]

_FIRST = 4
_ERROR = 0.05
_TARGET = re.compile(
    r"(?:(?P<group>[^=<>]+)\.)?(?P<metric>\w+)\s*(?P<sign><=|>=|=)\s*(?P<value>\S+)"
)
_OF_ALL = "total_energy_per_completed_j"
#: Of these more is better, so ``=`` means at least.
_MORE = ("completed", "jain_", "quality_mean", "throughput_hz")


@dataclass(frozen=True, slots=True)
class Target:
    """What shall hold: a figure of a group, and its bound.

    Parameters
    ----------
    metric : as in :data:`~simran.experiments.measures.MEASURES`
    bound : largest value that meets the target, or the least
    at_least : whether it is the least
    group : of the agents, or ``total``
    """

    metric: str
    bound: float
    at_least: bool = False
    group: str = "total"

    @classmethod
    def parse(cls, text: str, groups: Sequence[str]) -> Target:
        """Read ``[GROUP.]METRIC=VALUE``; the sign may be ``<=`` or ``>=`` too.

        The only group of a scenario is its total.

        Raises
        ------
        InputError
            for anything else, a group or a metric that there is not, or one that groups do not have

        Examples
        --------
        >>> Target.parse("violation_rate=0.05", ["total"]).bound
        0.05
        """
        found = _TARGET.fullmatch(text.strip())
        try:
            bound = float(found["value"]) if found else math.nan
        except ValueError:
            bound = math.nan
        if found is None or not math.isfinite(bound):
            raise InputError(
                f"target: expected [GROUP.]METRIC=NUMBER, such as violation_rate=0.05, found {shown(text)}"
            )
        metric, group = found["metric"], found["group"] or "total"
        known = [it.name for it in MEASURES]
        if metric not in known:
            raise UnknownNameError("metric", metric, known)
        if group not in {*groups, "total"}:
            raise UnknownNameError("group", group, [*groups, "total"])
        if group != "total" and metric == _OF_ALL:
            raise InputError(f"target: {metric} is of all groups together, not of {group!r}")
        group = "total" if len(groups) == 1 else group
        more = metric.startswith(_MORE)
        return cls(metric, bound, more if found["sign"] == "=" else found["sign"] == ">=", group)

    def __str__(self) -> str:
        """Return it as it could have been written."""
        sign = ">=" if self.at_least else "<="
        group = "" if self.group == "total" else f"{self.group}."
        return f"{group}{self.metric} {sign} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What some replications say of a target.

    Parameters
    ----------
    met : whether it is met
    sure : whether the interval is clear of the bound
    found : mean, interval and verdicts, as plain data
    """

    met: bool
    sure: bool
    found: dict[str, Any]


def looks(most: int) -> list[int]:
    """Return after how many replications to look: 4, then twice as many each time, up to the most.

    Examples
    --------
    >>> looks(20), looks(3)
    ([4, 8, 16, 20], [3])
    """
    found = []
    count = min(_FIRST, most)
    while count < most:
        found.append(count)
        count *= 2
    return [*found, most]


def error_of(point: int, looks_at_it: int) -> float:
    """Return the error that one look at one point may have, so that all together have 5 % at most.

    The i-th point of a search gets 0.05/(i (i + 1)), which adds up to 0.05 over any number of points, and
    its looks share that equally (Bonferroni), however they depend on each other.

    Parameters
    ----------
    point : i, from 1
    looks_at_it : how many there may be

    Examples
    --------
    >>> error_of(1, 5)
    0.005
    """
    return _ERROR / (point * (point + 1)) / looks_at_it


def judge(target: Target, records: Sequence[Mapping[str, Any]], error: float) -> Verdict:
    """Return what replications say of a target, by the t interval of their mean.

    A replication whose verdict is ``overloaded``, or in which there is no such figure, counts as missing
    it: more than half of them settle it; fewer count as a violation rate of 1, and are left as they are in
    other figures.

    Parameters
    ----------
    target : to be met
    records : of the replications
    error : probability that the interval misses the mean
    """
    values, lost = [], 0
    for record in records:
        value = record["figures"][target.group][target.metric]
        bad = record["verdict"] == "overloaded" or value is None
        lost += bad
        if bad and target.metric == "violation_rate":
            value = 1.0
        if value is not None:
            values.append(float(value))
    mean = math.fsum(values) / len(values) if values else math.nan
    low, high = _interval(target, values, records, error)
    found = {
        "replications": len(records),
        "overloaded": sum(record["verdict"] == "overloaded" for record in records),
        "mean": number(mean),
        "interval": None if math.isnan(low) else [low, high],
        "error": error,
    }
    if 2 * lost > len(records):
        return Verdict(False, len(records) >= _FIRST, found)
    if target.at_least:
        return Verdict(mean >= target.bound, low >= target.bound or high < target.bound, found)
    return Verdict(mean <= target.bound, high <= target.bound or low > target.bound, found)


def _interval(
    target: Target, values: Sequence[float], records: Sequence[Mapping[str, Any]], error: float
) -> tuple[float, float]:
    low, high = interval(values, error)
    if target.metric == "violation_rate" and not math.isnan(low):
        judged = sum(int(record["figures"][target.group]["judged"]) for record in records)
        return rate_interval(values, low, high, judged, error)
    return low, high
