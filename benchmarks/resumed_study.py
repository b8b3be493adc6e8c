"""Measures a quantizer at a time and keeps what it has, so that a study that was stopped goes on."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from simran.calibration import (
    Estimate,
    Judge,
    Network,
    OutputStudy,
    Point,
    Setting,
    Sweep,
    measure_output_distortion,
)

__all__ = ["resumed_study", "sources_digest"]

_ROOT = Path(__file__).parents[1]
_SOURCES = ("simran/calibration", "simran/distortion")
_KEPT = _ROOT / "build" / "studies"


@cache
def sources_digest(network: type) -> str:
    """Return a digest of the code that the figures depend on, as it is when it is first asked for.

    Parameters
    ----------
    network : class of the network, whose module counts beside what all studies use
    """
    paths = [path for it in _SOURCES for path in sorted((_ROOT / it).glob("*.py"))]
    found = hashlib.sha256()
    for path in [*paths, Path(inspect.getfile(network))]:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def resumed_study(
    network: Network,
    settings: Sequence[Setting],
    origin: Mapping[str, Any],
    draws: tuple[int, int],
    progress: Callable[[float], None],
    kept: Path = _KEPT,
) -> OutputStudy:
    """Return the study of one split; a quantizer that was measured before is read.

    Parameters
    ----------
    network : cut at the split
    settings : quantizers to try
    origin : all else that the points depend on: weights, inputs and versions, as plain data
    draws : resamples of the items, and their seed
    progress : called with the share that is done
    kept : folder of what was measured; one file for each quantizer, split and origin
    """
    judge = Judge(network, *draws)
    kept.mkdir(parents=True, exist_ok=True)
    sweeps = []
    for done, setting in enumerate(settings, start=1):
        code = sources_digest(type(network))
        told = [network.name, network.split, asdict(setting), origin, draws, code]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        sweeps.append(_sweep(network, setting, draws, kept / f"{digest}.json"))
        progress(done / len(settings))
    return OutputStudy(network, judge.full, judge.quality, tuple(sweeps))


def _sweep(network: Network, setting: Setting, draws: tuple[int, int], path: Path) -> Sweep:
    if path.is_file():
        rows = json.loads(path.read_text(encoding="utf-8"))
        return Sweep(setting, tuple(_point(it) for it in rows))
    resamples, seed = draws
    study = measure_output_distortion(network, [setting], resamples=resamples, seed=seed)
    (sweep,) = study.sweeps
    # Written aside first: a file that is there is whole.
    aside = path.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps([asdict(it) for it in sweep.points]), encoding="utf-8")
    aside.replace(path)
    return sweep


def _point(row: dict[str, Any]) -> Point:
    held = {key: None if row[key] is None else Estimate(**row[key]) for key in ("quality", "loss")}
    return Point(**{**row, **held})
