"""How a design moves with the assumed numbers that it rests on: each halved and doubled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simran.errors import ScenarioError

if TYPE_CHECKING:
    from simran.scenario.assumptions import Assumption

__all__ = ["FACTORS", "sensitivity"]

#: What each assumed number is multiplied with.
FACTORS = (0.5, 2.0)

_SHOWN = (
    "placement",
    "split",
    "weight_bits",
    "agent_frequency_hz",
    "server_frequency_hz",
    "distortion",
    "delay_s",
    "energy_j",
    "feasible",
    "reason",
)


def sensitivity(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str] = (),
    agent: str | None = None,
) -> dict[str, Any]:
    """Return the allocator's design with every assumed number as it is, halved and doubled.

    One number moves at a time; numbers that one entry of a profile speaks of, such as the idle power
    of all clocks, move together. What the scenario gives itself is not assumed and stays.

    Parameters
    ----------
    source, overrides : as ``simran.load`` has them
    agent : name of one agent or group; None for all

    Returns
    -------
    mapping with ``scenario``, ``allocator``, ``assumes``, ``base`` (``feasible``, ``objective``,
    ``agents``), ``rows`` (the same with ``assumed``, ``source``, ``value``, ``factor``, and
    ``changes``: whether the design is another, where what is done for want of a design is none) and
    ``left_out`` (``assumed``, ``factor``, ``why``)
    """
    from simran.engine import solve
    from simran.scenario import load

    scenario = load(source, overrides)
    design = solve(scenario, agent)
    base = _brief(design)
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    for assumption in scenario.assumptions:
        reason = _not_to_be_moved(assumption)
        if reason:
            left_out.append({"assumed": assumption.path, "factor": None, "why": reason})
        for factor in () if reason else FACTORS:
            try:
                changed = load(source, overrides, scale={assumption.path: factor})
            except ScenarioError as error:
                why = "; ".join(dict.fromkeys(fault.message for fault in error.faults))
                left_out.append({"assumed": assumption.path, "factor": factor, "why": why})
                continue
            moved = _brief(solve(changed, agent))
            rows.append(
                {
                    "assumed": assumption.path,
                    "source": assumption.source,
                    "value": list(dict.fromkeys(assumption.numbers.values())),
                    "factor": factor,
                    "changes": _designs(moved) != _designs(base),
                    **moved,
                }
            )
    return {
        "scenario": design["scenario"],
        "allocator": design["allocator"],
        "assumes": design["assumes"],
        "base": base,
        "rows": rows,
        "left_out": left_out,
    }


def _not_to_be_moved(assumption: Assumption) -> str:
    """Return why a number is not halved and doubled; empty if it is."""
    if not assumption.numbers:
        return "0 or no number"
    if assumption.path.endswith(".exponent"):
        return "as the dynamic power is given for this exponent"
    return ""


def _brief(design: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a design is worth comparing; agents with the same one are counted once."""
    alike: dict[str, dict[str, Any]] = {}
    for agent in design["agents"]:
        shown = {"group": agent["group"], **{key: agent[key] for key in _SHOWN}}
        known = alike.setdefault(repr(shown), {**shown, "count": 0})
        known["count"] += 1
    return {
        "feasible": design["feasible"],
        "objective": design["objective"],
        "agents": list(alike.values()),
    }


def _designs(brief: Mapping[str, Any]) -> list[list[Any]]:
    """Return what two answers must differ in: what is done for want of a design is none."""
    return [
        [agent[key] for key in ("group", "count", *_SHOWN[:-1])]
        if agent["feasible"]
        else [agent["group"], agent["count"]]
        for agent in brief["agents"]
    ]
