"""Write a model profile of the catalogue from the record of its study and its architecture.

    python benchmarks/measured_profiles.py fcdnn-16

Nothing is measured here: λ of each block, the quality curves and the output coefficient come from
benchmarks/results/output_NAME.json, the chain from the model's module, so that the profile is what
the record says, and a test compares the two.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from output_distortion import MODULES, RESULTS
from study_plan import Chain

from simran.calibration.profile import profile_text

CATALOGUE = Path(__file__).parents[1] / "simran" / "catalog" / "data" / "models"
DIGITS = 6


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
        rows.append(row)
    return {
        "description": chain.description,
        "parameters": sum(it.parameters for it in chain.blocks),
        "reference_bits": chain.reference_bits,
        "bits": {"min": 1, "max": 16},
        "weights": {"law": "exponential", "rate": _rate(list(laws.values()))},
        "quantizer": chain.quantizer.kind,
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
        "bits": _entry("assumed", "the range of the paper; quality is measured from 1 to 8"),
        "weights.law": _entry("assumed", law),
        "weights.rate": _entry("measured", weights),
        "blocks.weights.law": _entry("assumed", law),
        "blocks.weights.rate": _entry("measured", weights),
        # The fitted output coefficient stays in the record: it holds for that label alone.
        "quantizer": _entry("assumed", f"the code book of what was measured with {label}"),
        "split": _entry("assumed", "a split that the study has measured"),
        "quality": _entry(
            "measured",
            f"{file}: {label}, {home['items']} items, monotone fit; standard deviation"
            f" {noise:.2g} with full precision",
        ),
    }
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
