"""One check of the installation against theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Check", "exactly", "within"]


@dataclass(frozen=True, slots=True)
class Check:
    """What theory expects and what this installation gave.

    Parameters
    ----------
    name : what was checked
    expected, got : the two numbers
    tolerance : largest difference that passes
    source : formula or paper
    """

    name: str
    expected: float
    got: float
    tolerance: float
    source: str

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.got - self.expected) <= self.tolerance

    def as_dict(self) -> dict[str, Any]:
        """Return the check as plain data."""
        return {
            "name": self.name,
            "expected": self.expected,
            "got": self.got,
            "tolerance": self.tolerance,
            "verdict": "passed" if self.passed else "FAILED",
            "source": self.source,
        }


def exactly(name: str, expected: float, got: float, source: str, rel: float = 1e-12) -> Check:
    """Return a check that allows for floating-point rounding only."""
    return Check(name, expected, got, rel * abs(expected), source)


def within(name: str, expected: float, samples: Sequence[float], source: str) -> Check:
    """Return a check of a mean over independent replications, in its 99.9 % t interval.

    Parameters
    ----------
    samples : one value per replication; their number was fixed beforehand
    """
    from scipy.stats import t

    values = np.asarray(samples)
    half = t.ppf(0.9995, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return Check(name, expected, float(values.mean()), float(half), source)
