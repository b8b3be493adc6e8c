"""Write a model profile of the catalogue from the record of its study and its architecture.

    python benchmarks/measured_profiles.py fcdnn-16

Nothing is measured here: λ of each block, its measured errors, the quality curves and the output
coefficient come from benchmarks/results/output_NAME.json, the chain from the model's module, so that
the profile is what the record says, and a test compares the two.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from output_distortion import MODULES, RESULTS
from study_plan import Chain

from simran.calibration.profile import profile_text

CATALOGUE = Path(__file__).parents[1] / "simran" / "catalog" / "data" / "models"
DIGITS = 6
SCALE_BITS = 32


def profile(name: str) -> str:
    """Return the profile of a model as a YAML file."""
    chain: Chain = importlib.import_module(MODULES[name]).CHAIN
    record = json.loads((RESULTS / f"output_{name}.json").read_text(encoding="utf-8"))
    return profile_text(_data(chain, record), _comment(chain, record))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _rate(laws: list[dict[str, float]]) -> float:
    """Return λ of some blocks: their weights over the sum of their magnitudes."""
    total = math.fsum(it["weights"] * it["mean_magnitude"] for it in laws)
    return _rounded(sum(it["weights"] for it in laws) / total)


def _data(chain: Chain, record: dict[str, Any]) -> dict[str, Any]:
    label, home = chain.quantizer.label, record["splits"][chain.split]
    laws = record["blocks"]
    spans, columns = block_errors(chain, record)
    rows = []
    for block in chain.blocks:
        output = block.output if isinstance(block.output, str) else {"elements": block.output}
        row: dict[str, Any] = {
            "name": block.name,
            "flops": f"{block.flops:.12g} FLOP",
            "parameters": block.parameters,
            "output": output,
        }
        if block.name in laws:
            row["weights"] = {"law": "exponential", "rate": _rate([laws[block.name]])}
            row["weights"] |= spans.get(block.name, {})
        features = record["splits"].get(block.name, {}).get("feature_bits")
        if features and "elements" in output:
            row["feature_distortion"] = {it["bits"]: _rounded(it["end_error"]) for it in features}
        rows.append(row)
    curve = home["quantizers"][label]
    bits = [it["bits"] for it in curve["points"]]
    shared = {} if columns is None else {"columns": columns}
    return {
        "description": chain.description,
        "parameters": sum(it.parameters for it in chain.blocks),
        "reference_bits": chain.reference_bits,
        "bits": {"min": min(bits), "max": max(bits)},
        "weights": {"law": "exponential", "rate": _rate(list(laws.values())), **shared},
        "quantizer": {
            "kind": chain.quantizer.kind,
            "scale": chain.quantizer.scale,
            "clip": chain.quantizer.clip,
        },
        **_coefficient(curve),
        "split": chain.split,
        "input": chain.input,
        "blocks": rows,
        "quality": {
            "metric": home["metric"]["name"],
            "quantizer": label,
            "reference": _rounded(home["quality"]["value"]),
            "curves": _curves(chain, record["splits"]),
        },
        "provenance": _provenance(chain, record),
    }


def _coefficient(row: dict[str, Any]) -> dict[str, float]:
    fit = row["coefficient"]
    return {} if fit is None else {"output_coefficient": _rounded(fit["value"])}


def block_errors(
    chain: Chain, record: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], int | None]:
    """Return the columns and the measured errors of each block, and the columns of them all.

    Every split of the record quantizes the blocks before it, so what a block adds is a difference of
    two splits; blocks between two splits that were measured share their mean. Of the quantizers
    only those count that every split was measured with.
    """
    splits = {name: record["splits"][name] for name in _names(chain) if name in record["splits"]}
    known = [set(it["quantizers"]) for it in splits.values()]
    labels = [
        it for it in next(iter(splits.values()))["quantizers"] if it in set.intersection(*known)
    ]
    found: dict[str, dict[str, Any]] = {}
    before: _Prefix = _Prefix(0, None, {})
    start = 0
    for name, held in splits.items():
        now = _prefix(held, labels)
        end = _names(chain).index(name) + 1
        span = _between(before, now, sum(it.parameters for it in chain.blocks[start:end]))
        found |= dict.fromkeys(_names(chain)[start:end], span)
        before, start = now, end
    columns = None if not before.rows else round(before.weights / before.rows)
    return found, columns


def _names(chain: Chain) -> list[str]:
    return [block.name for block in chain.blocks]


class _Prefix(NamedTuple):
    """All blocks before a split: weights, rows, summed errors by label and bit-width."""

    weights: int
    rows: float | None
    errors: dict[str, dict[int, float]]


def _prefix(held: dict[str, Any], labels: list[str]) -> _Prefix:
    weights = held["quantized_weights"]
    errors, rows = {}, None
    for label in labels:
        points = held["quantizers"][label]["points"]
        errors[label] = {it["bits"]: it["weight_error"] * weights for it in points}
        if held["quantizers"][label]["setting"]["scale"] == "row":
            rows = (points[0]["bits_per_weight"] - points[0]["bits"]) * weights / SCALE_BITS
    return _Prefix(weights, rows, errors)


def _between(before: _Prefix, now: _Prefix, parameters: int) -> dict[str, Any]:
    """Return what the blocks between two splits hold: weights of a row, and mean errors.

    Errors are summed over the weights that are quantized, and divided by all parameters of the blocks,
    as a design's distortion multiplies them by all.
    """
    weights = now.weights - before.weights
    if weights <= 0:
        return {}
    found: dict[str, Any] = {}
    if now.rows is not None:
        found["columns"] = max(round(weights / max(now.rows - (before.rows or 0.0), 1.0)), 1)
    measured = {}
    for label, errors in now.errors.items():
        earlier = before.errors.get(label, {})
        added = {bits: (it - earlier.get(bits, 0.0)) / parameters for bits, it in errors.items()}
        measured[label] = {bits: _rounded(max(it, 0.0)) for bits, it in added.items()}
    return {**found, "measured": measured}


def _curves(chain: Chain, splits: dict[str, Any]) -> dict[str, dict[int, float]]:
    """Return the monotone curve of each split, with full precision as its last point."""
    found = {}
    for split, held in splits.items():
        curve = held["quantizers"].get(chain.quantizer.label, {}).get("curve")
        if curve is not None:
            points = dict(zip(curve["bits"], map(_rounded, curve["fitted"]), strict=True))
            found[split] = {**points, chain.reference_bits: _rounded(curve["reference"])}
    return found


def _provenance(chain: Chain, record: dict[str, Any]) -> dict[str, dict[str, str]]:
    label = chain.quantizer.label
    home = record["splits"][chain.split]
    file = f"benchmarks/results/output_{chain.name}.json"
    weights = f"1 over the mean magnitude of the weights that are quantized: {file}"
    law = "exponential magnitudes, the law of arXiv 2602.13052, fitted to these weights"
    noise = home["quality"]["deviation"]
    said = {
        "parameters": _entry("derived", "sum over the blocks"),
        "reference_bits": _entry("measured", "the checkpoint's weights are float32"),
        "bits": _entry("measured", "the bit-widths at which errors and quality were measured"),
        "weights.law": _entry("assumed", law),
        "weights.rate": _entry("measured", weights),
        "blocks.weights.law": _entry("assumed", law),
        "blocks.weights.rate": _entry("measured", weights),
        "weights.columns": _entry("derived", f"weights over scales: {file}"),
        "blocks.weights.columns": _entry("derived", f"weights over scales: {file}"),
        "blocks.weights.measured": _entry(
            "measured",
            "summed absolute error of the quantized weights over all parameters, by differences"
            f" between splits: {file}",
        ),
        "quantizer": _entry("assumed", "that of the quality curves"),
        "split": _entry("assumed", "a split that the study has measured"),
        "quality": _entry(
            "measured",
            f"{file}: {label}, {home['items']} items, monotone fit; standard deviation"
            f" {noise:.2g} with full precision",
        ),
    }
    if any(it.get("feature_bits") for it in record["splits"].values()):
        said["blocks.feature_distortion"] = _entry(
            "measured",
            f"{file}: error at the end with the features of this split in integers of so many bits, one scale"
            " for each request, weights as they are; the unit is that of output_coefficient",
        )
    fit = home["quantizers"][label]["coefficient"]
    if fit is not None:
        said["output_coefficient"] = _entry(
            "measured",
            f"{file}: {label} at split {chain.split}, {fit['bits'][0]} to {fit['bits'][-1]} bits, relative"
            f" residual {fit['residual']:.2g}; other splits and quantizers have another",
        )
    return {**said, **{key: dict(entry) for key, entry in chain.provenance.items()}}


def _entry(kind: str, source: str) -> dict[str, str]:
    return {"kind": kind, "source": source}


def _comment(chain: Chain, record: dict[str, Any]) -> str:
    lines = [
        f"Written by benchmarks/measured_profiles.py {chain.name}; do not edit by hand.",
        f"Weights: {record['checkpoint']['source']}.",
        f"Quality: {record['inputs']['source']}.",
    ]
    return "\n".join([*lines, *([chain.comment] if chain.comment else [])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(MODULES))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    out = arguments.out or CATALOGUE / f"{arguments.name}.yaml"
    out.write_text(profile(arguments.name), encoding="utf-8")


if __name__ == "__main__":
    main()
