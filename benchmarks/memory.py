"""Peak memory of a run with all logs on, at 1e5 and 1e6 requests, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from speed import document

import simran

COUNTS = (100_000, 1_000_000)


def peak_mb(requests: int) -> float:
    """Return the peak resident memory of one run in a fresh process [MB]."""
    done = subprocess.run(
        [sys.executable, __file__, "--requests", str(requests)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def run_once(requests: int) -> None:
    """Run and print this process's peak."""
    with tempfile.TemporaryDirectory() as folder:
        simran.run(simran.load(document(100, requests)), out=Path(folder) / "result")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.requests:
        run_once(arguments.requests)
        return
    peaks = {str(count): peak_mb(count) for count in COUNTS}
    small, large = peaks.values()
    growth = large / small - 1
    print(
        f"peak memory {small:.0f} MB at 1e5, {large:.0f} MB at 1e6 requests: {100 * growth:+.1f} %"
    )
    if arguments.out:
        arguments.out.write_text(json.dumps({"peak_mb": peaks, "growth": growth}, indent=2) + "\n")


if __name__ == "__main__":
    main()
