"""The studies in benchmarks/, importable by the tests that compare their files."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"

# At the end, so that no script there hides a package of the same name.
sys.path.append(str(BENCHMARKS))
