"""How a result was made, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simran.reports.tables import bullet, figure

__all__ = ["render_making"]


def render_making(manifest: Mapping[str, Any]) -> str:
    """Return versions, times and numbers of rows of a run.

    Parameters
    ----------
    manifest : as in ``manifest.json``
    """
    rows = manifest["rows"]
    packages = ", ".join(f"{name} {version}" for name, version in manifest["packages"].items())
    wall_s, decision_s = manifest["wall_s"], manifest["decision_wall_s"]
    lines = [
        f"seed {manifest['seed']}, replication {manifest['replication']}",
        f"{figure(wall_s)} s of wall-clock time, {figure(decision_s)} s of it in the allocator",
        f"rows: {', '.join(f'{name} {count}' for name, count in rows.items())}",
        f"simran {manifest['simran']}, Python {manifest['python']}, {manifest['platform']}",
        packages,
    ]
    if "replications" in manifest:
        lines.insert(
            0, f"folders: {', '.join(manifest['replications'])}; what follows is the first's"
        )
    return "\n".join(bullet(line) for line in lines)
