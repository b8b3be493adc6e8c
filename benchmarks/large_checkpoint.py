"""Peak memory and time of ``simran calibrate`` on a checkpoint of two gigabytes.

The checkpoint is drawn anew: float32 weights of shape 4096 × 4096, Laplace with a scale of their own for
each tensor. The command runs in a process of its own, once with the quantizers named here.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SIDE = 4096
QUANTIZERS = ("integer per row", "integer per group of 64", "uniform per row")


def _write(path: Path, tensors: int) -> None:
    size = SIDE * SIDE * 4
    header = {
        f"layer.{number}.weight": {
            "dtype": "F32",
            "shape": [SIDE, SIDE],
            "data_offsets": [number * size, (number + 1) * size],
        }
        for number in range(tensors)
    }
    text = json.dumps(header).encode()
    generator = np.random.default_rng(1)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for number in range(tensors):
            for _ in range(16):
                part = generator.standard_exponential(SIDE * SIDE // 16, dtype=np.float32)
                signs = generator.integers(0, 2, len(part), dtype=np.int8) * 2 - 1
                (part * signs * np.float32(0.01 + 0.001 * number)).tofile(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tensors", type=int, default=32)
    parser.add_argument("--folder", type=Path, help="where there is room for the file")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / "large.safetensors"
        _write(path, arguments.tensors)
        options = [part for it in QUANTIZERS for part in ("--quantizer", it)]
        command = ["-m", "simran", "calibrate", str(path), "--quiet", "--out", f"{folder}/out"]
        start = time.perf_counter()
        subprocess.run([sys.executable, *command, *options], check=True, cwd=folder)
        wall = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        weights = arguments.tensors * SIDE * SIDE
        cpu = used.ru_utime + used.ru_stime
        result = {
            "bytes": path.stat().st_size,
            "weights": weights,
            "quantizers": QUANTIZERS,
            "wall_s": round(wall, 1),
            "cpu_s": round(cpu, 1),
            "cpu_s_per_million_weights": round(cpu / weights * 1e6, 3),
            "peak_memory_mib": round(used.ru_maxrss / 1024),
        }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
