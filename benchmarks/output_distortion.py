"""Measure the output distortion of a model on real inputs: benchmarks/results/output_NAME.json.

    OMP_NUM_THREADS=1 python benchmarks/output_distortion.py fcdnn-16

What is measured is kept in build/studies: stopped, the same command goes on where it was.
A module for each model has ``plan()``, which loads weights and inputs and needs the packages of the
extra ``realweights`` (fcdnn-16 none but scikit-learn), and ``CHAIN``, its architecture.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from resumed_study import resumed_study
from study_plan import Plan

import simran
from simran.calibration import (
    DenseNetwork,
    Network,
    Setting,
    measure_feature_bits,
    study_record,
)

#: Module of each model.
MODULES = {
    "fcdnn-16": "network_fcdnn",
    "minilm-l6": "network_minilm",
    "ppocr-rec": "network_ppocr",
    "whisper-tiny.en": "network_whisper",
}
RESULTS = Path(__file__).parent / "results"
SEED, RESAMPLES = 1, 1000
_PACKAGES = ("numpy", "scipy", "scikit-learn", "onnxruntime", "ctranslate2", "tokenizers")


def block_laws(plan: Plan) -> dict[str, dict[str, float]]:
    """Return weights and mean magnitude of each block."""
    found = {}
    for name, arrays in plan.block_weights.items():
        count = sum(it.size for it in arrays)
        total = sum(float(np.abs(it).sum(dtype=np.float64)) for it in arrays)
        found[name] = {"weights": count, "mean_magnitude": total / count}
    return found


def split_record(
    plan: Plan, network: Network, settings: list[Setting], progress: Any
) -> dict[str, Any]:
    """Return the study of one split as plain data, with the rigorous bound where there is one."""
    origin = {"checkpoint": plan.checkpoint, "inputs": plan.inputs, "versions": versions()}
    study = resumed_study(network, settings, origin, (RESAMPLES, SEED), progress)
    features = ()
    if network.split in plan.features:
        features = measure_feature_bits(network, resamples=RESAMPLES, seed=SEED)
    record = study_record(study, features, plan.tolerance, plan.fitted)
    if isinstance(network, DenseNetwork):
        for sweep in study.sweeps:
            rows = record["quantizers"][sweep.setting.label]["points"]
            for point, row in zip(sweep.points, rows, strict=True):
                row["bound"] = _bound(network, sweep.setting, point.bits)
    return record


def _bound(network: DenseNetwork, setting: Setting, bits: int) -> dict[str, float]:
    """Return the norm of the error and the rigorous bound, means over the items, and the nearest."""
    quantizer = setting.quantizer(bits)
    weights = {name: quantizer.quantize(it) for name, it in network.weights.items()}
    error, bound = network.bound(weights)
    return {
        "error_norm": float(error.mean()),
        "bound": float(bound.mean()),
        "largest_share": float((error / bound).max()),
    }


def versions() -> dict[str, str]:
    """Return the versions of what the figures depend on, as far as it is installed."""
    found = {"simran": simran.__version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def record(name: str) -> dict[str, Any]:
    """Return the whole study of a model."""
    plan: Plan = importlib.import_module(MODULES[name]).plan()
    splits = {}
    for network, settings in plan.networks:

        def progress(share: float, split: str = network.split) -> None:
            if sys.stderr.isatty():
                print(f"\r{name} {split} {100 * share:3.0f} %", end="", file=sys.stderr, flush=True)

        splits[network.split] = split_record(plan, network, list(settings), progress)
        print(f"\r{name} {network.split} measured", file=sys.stderr)
    return {
        "name": name,
        "seed": SEED,
        "resamples": RESAMPLES,
        "versions": versions(),
        "checkpoint": dict(plan.checkpoint),
        "inputs": dict(plan.inputs),
        "blocks": block_laws(plan),
        "splits": splits,
    }


def shortened(value: Any) -> Any:
    """Return plain data with numbers to six digits: more is noise between machines."""
    if isinstance(value, dict):
        return {key: shortened(it) for key, it in value.items()}
    if isinstance(value, list):
        return [shortened(it) for it in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def write(data: dict[str, Any], path: Path) -> None:
    """Write a record with one point a line."""
    text = json.dumps(shortened(data), indent=1, allow_nan=False)
    path.write_text(_flat(text) + "\n", encoding="utf-8")


def _flat(text: str) -> str:
    """Join the lines that are nested deeper than a quantizer's keys."""
    lines: list[str] = []
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip())
        if depth > 6 or (depth == 6 and line.strip() in {"}", "},", "]", "],"}):
            lines[-1] += ("" if lines[-1].endswith(("{", "[")) else " ") + line.strip()
        else:
            lines.append(line)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(MODULES))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        print("OMP_NUM_THREADS is not 1: sums may differ in the last digits", file=sys.stderr)
    out = arguments.out or RESULTS / f"output_{arguments.name}.json"
    write(record(arguments.name), out)


if __name__ == "__main__":
    main()
