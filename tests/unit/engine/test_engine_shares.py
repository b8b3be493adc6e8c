"""Shares in use while agents are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy import toy

from simran.allocation import ALLOCATORS, Allocation, Problem
from simran.allocation.exact import Exact
from simran.engine import run
from simran.errors import InvariantError
from simran.scenario import load


class _Evicts(Exact):
    """At first equal shares; then the first agent is refused and the others get all."""

    name = "evicts"

    def allocate(self, problem: Problem) -> Allocation:
        found = super().allocate(problem)
        count = len(problem.agents)
        shares = np.full(count, 1.0 / count)
        if not hasattr(self, "begun"):
            self.begun = True
            return replace(found, bandwidth_share=shares)
        cut, feasible, fallback = found.cut.copy(), found.feasible.copy(), list(found.fallback)
        cut[0], feasible[0], fallback[0] = -1, False, "drop"
        shares = np.full(count, 1.0 / (count - 1))
        shares[0] = np.nan
        return replace(
            found, cut=cut, feasible=feasible, fallback=tuple(fallback), bandwidth_share=shares
        )


@pytest.fixture
def evicts(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(ALLOCATORS._classes, "evicts", _Evicts)
    return "evicts"


def test_what_a_refused_agent_has_sent_counts(evicts: str, tmp_path: Path) -> None:
    """Its flow goes on at its old share beside those that now have all, so the cell is oversold."""
    document = toy(
        network__cells__cell__uplink_scheduler="allocated",
        allocator__name=evicts,
        allocator__every="10 s",
        network__cells__cell__channel__rate="2 Mbit/s",
        agents__a__placement="on-server",
        agents__a__arrivals__rate=1.0,
        agents__a__budget__delay="50 s",
        agents__a__budget__energy="30 J",
    )
    with pytest.raises(InvariantError, match=r"shares at most one \(largest sum .* 1\.[2-9]"):
        run(load(document), out=tmp_path / "r")
