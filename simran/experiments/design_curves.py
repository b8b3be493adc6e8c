"""The designs of several allocators along one number of a scenario, such as a budget."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["design_curves", "design_gaps"]

_PLACE = ("label", "seed", "agent", "group")
_WORDS = ("split", "placement", "cell_sharing", "feasible", "binding", "fallback", "reason")
_COUNTS = ("designs", "feasible", "equal", "higher", "lower", "beyond")
_EQUAL = 1e-9  # relative, as allocators count it


def design_curves(
    source: str | Path | Mapping[str, Any],
    key: str,
    values: Sequence[float],
    allocators: Mapping[str, Mapping[str, Any]],
    overrides: Sequence[str] = (),
    seeds: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return the design of every agent for each value and allocator, without any simulation.

    Designs are those of ``simran.solve``, for empty queues. Leave rows out of a curve whose ``feasible`` is
    false: their figures are of what would be done for want of a design.

    Parameters
    ----------
    source, overrides : as ``simran.load`` has them
    key : key path of the number, such as ``agents.robot.budget.delay``
    values : (V,) what it is set to [SI unit of the key]
    allocators : label -> what the scenario has as ``allocator``, such as
        ``{"name": "fixed-bits", "options": {"bits": 4}}``
    seeds : of each design, for allocators that draw; the scenario's if None

    Returns
    -------
    frame with ``label``, ``value``, ``seed`` and what ``simran.solve`` tells of each agent, NaN where
    there is no number; in the order of labels, values, seeds, agents

    Raises
    ------
    ScenarioError
        for a key, a value or an allocator that the scenario language does not have

    Examples
    --------
    >>> budget, exact = "agents.robot.budget.delay", {"exact": {"name": "exact"}}
    >>> rows = design_curves("paper_blip2_coco", budget, [2.0, 3.5], exact)
    >>> rows[["value", "weight_bits"]].to_numpy().tolist()
    [[2.0, 7.0], [3.5, 11.0]]
    """
    import pandas as pd

    from simran.engine import solve
    from simran.scenario import load

    # Reading takes longer than solving: once for each value and each allocator, not for each pair.
    at = {float(it): load(source, [*overrides, f"{key}={float(it)!r}"]) for it in values}
    chosen = {
        label: load(source, [*overrides, f"allocator={json.dumps(dict(how))}"]).allocator
        for label, how in allocators.items()
    }
    rows: list[dict[str, Any]] = []
    for label, allocator in chosen.items():
        for value, scenario in at.items():
            for seed in [scenario.seed] if seeds is None else seeds:
                design = solve(replace(scenario, allocator=allocator, seed=seed))
                place = {"label": label, "value": value, "seed": seed}
                rows += [{**place, **agent} for agent in design["agents"]]
    frame = pd.DataFrame(rows)
    numbers = {name: float for name in frame.columns if name not in {*_PLACE, *_WORDS}}
    return frame.astype(numbers)


def design_gaps(designs: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return how the designs of each allocator compare with those of one of them, in distortion.

    Parameters
    ----------
    designs : of one agent, as :func:`design_curves` returns them
    reference : label of the allocator to compare with

    Returns
    -------
    frame by label: ``designs`` (with draws, those of all seeds), ``feasible`` of them, and of these
    ``equal`` (within 1e-9 relative), ``higher`` and ``lower`` in distortion than the reference at the
    same value, ``beyond`` where the reference has none; ``median_ratio`` and ``largest_ratio`` of the
    distortions, NaN where the label has none above 0

    Raises
    ------
    ValueError
        if the reference is no label, or the designs are of several agents

    Examples
    --------
    >>> both = {"exact": {"name": "exact"}, "four": {"name": "fixed-bits", "options": {"bits": 4}}}
    >>> rows = design_curves("paper_blip2_coco", "agents.robot.budget.delay", [1.0, 1.5, 3.5], both)
    >>> design_gaps(rows, "exact").loc["four", ["feasible", "higher"]].tolist()
    [2, 2]
    """
    import pandas as pd

    if reference not in set(designs["label"]):
        raise ValueError(f"reference must be a label of the designs, got {reference!r}")
    if designs["agent"].nunique() != 1:
        raise ValueError(f"designs must be of one agent, got {sorted(set(designs['agent']))}")
    theirs = designs[designs["label"] == reference].drop_duplicates("value").set_index("value")
    best = theirs["distortion"].where(theirs["feasible"])
    return pd.DataFrame(
        {label: _gap(mine, best) for label, mine in designs.groupby("label", sort=False)}
    ).T.astype(dict.fromkeys(_COUNTS, int))


def _gap(designs: pd.DataFrame, best: pd.Series[float]) -> dict[str, float]:
    import numpy as np

    own = designs[designs["feasible"]]
    found, reached = own["distortion"].to_numpy(), best.reindex(own["value"]).to_numpy()
    near = _EQUAL * reached
    ratio = (found / reached)[found > 0.0]
    ratio = ratio[np.isfinite(ratio)]
    return {
        "designs": len(designs),
        "feasible": len(own),
        "equal": int((np.abs(found - reached) <= near).sum()),
        "higher": int((found > reached + near).sum()),
        "lower": int((found < reached - near).sum()),
        "beyond": int(np.isnan(reached).sum()),
        "median_ratio": float(np.median(ratio)) if len(ratio) else math.nan,
        "largest_ratio": float(ratio.max()) if len(ratio) else math.nan,
    }
