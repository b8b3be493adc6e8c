"""What tables of benchmarks have in common: intervals over replications, and how they are published."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

__all__ = ["interval", "publish"]


def interval(values: Sequence[float]) -> dict[str, float]:
    """Return the mean and half the width of its 95 % interval."""
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return {"mean": float(np.mean(values)), "half_width": float(half)}


def publish(doc: str | None, name: str, repeats: int, measure: Callable[[int], Any]) -> None:
    """Measure as often as asked for on the command line, print the table and write it where wanted.

    Parameters
    ----------
    doc : what ``--help`` says
    name : of the option for the number of repeats, such as ``"replications"``
    repeats : its default
    measure : from that number to the table
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument(f"--{name}", dest="repeats", type=int, default=repeats)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    text = json.dumps(measure(arguments.repeats), indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")
