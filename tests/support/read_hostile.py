"""Reads every file of a folder with little memory to spare; prints what became of each as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from simran.calibration import read_tensors, statistics
from simran.errors import InputError

__all__: list[str] = []

SPARE = 192 * 2**20


def _outcome(path: Path) -> str:
    try:
        found = statistics(read_tensors(path), settings=())
    except InputError as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"crashed: {type(error).__name__}: {error}"
    return f"read: {len(found.layers)}"


def main() -> None:
    import scipy.special  # noqa: F401 - loaded before memory is limited

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + SPARE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    outcomes = {}
    for path in sorted(Path(sys.argv[1]).iterdir()):
        start = time.process_time()
        outcomes[path.name] = [_outcome(path), time.process_time() - start]
    print(json.dumps({"outcomes": outcomes}))


main()
