"""Do weight and feature errors add up? Both at once on FCDNN-16: benchmarks/results/added_distortion.json.

    python benchmarks/added_distortion.py

A design that chooses the bits of weights and of features counts the sum of what each does alone. Here both
are quantized together at every pair of bit-widths, and the error at the end is put over that sum.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from network_fcdnn import plan

from simran.calibration import Network, quantize_features
from simran.calibration.output_distortion import Judge
from simran.distortion import Quantizer

RESULT = Path(__file__).parent / "results" / "added_distortion.json"
SPLITS = ("layer/4", "layer/8", "layer/12")
WEIGHT_BITS, FEATURE_BITS = (4, 5, 6, 8), (3, 4, 6, 8)


def _errors(network: Network) -> list[dict[str, float]]:
    judge = Judge(network)
    quantized = {
        bits: {
            name: Quantizer("uniform", bits, per="row").quantize(it)
            for name, it in network.weights.items()
        }
        for bits in WEIGHT_BITS
    }

    def end(weights: Any, transform: Any = None) -> float:
        return judge.errors(network.forward(weights, transform))[2]

    alone = {bits: end(weights) for bits, weights in quantized.items()}
    rows = []
    for width in FEATURE_BITS:
        send = partial(quantize_features, bits=width)
        feature = end(network.weights, send)
        for bits, weights in quantized.items():
            both = end(weights, send)
            total = alone[bits] + feature
            rows.append(
                {"weight_bits": bits, "feature_bits": width, "weights_alone": alone[bits],
                 "features_alone": feature, "both": both, "both_over_sum": both / total}
            )  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULT)
    out = parser.parse_args().out
    networks = {network.split: network for network, _ in plan().networks}
    found = {split: _errors(networks[split]) for split in SPLITS}
    ratios = np.array([row["both_over_sum"] for rows in found.values() for row in rows])
    summary = {"least": ratios.min(), "median": float(np.median(ratios)), "most": ratios.max()}
    out.write_text(json.dumps({"splits": found, "both_over_sum": summary}, indent=1) + "\n")
    print(summary)


if __name__ == "__main__":
    main()
