"""Every allocator that simran ships keeps the contract."""

from __future__ import annotations

import importlib

import pytest

from simran.allocation import ALLOCATORS, Allocator, check_allocator

SHIPPED = {
    "exact": "simran.allocation.exact:Exact",
    "sca": "simran.allocation.sca:SuccessiveConvexApproximation",
    "joint": "simran.allocation.joint:Joint",
    "greedy": "simran.allocation.greedy:Greedy",
    "exhaustive": "simran.allocation.exhaustive:Exhaustive",
    "fixed-bits": "simran.allocation.baselines:FixedBits",
    "fixed-frequency": "simran.allocation.baselines:FixedFrequency",
    "max-frequency": "simran.allocation.baselines:MaxFrequency",
    "drift-plus-penalty": "simran.allocation.drift:DriftPlusPenalty",
    "model-predictive": "simran.allocation.predictive:ModelPredictive",
    "random": "simran.allocation.baselines:RandomFeasible",
    "on-device": "simran.allocation.baselines:OnDevice",
    "on-server": "simran.allocation.baselines:OnServer",
    "full-precision": "simran.allocation.baselines:FullPrecision",
}


def load(name: str) -> type[Allocator]:
    module, _, attribute = SHIPPED[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_conformance(name):
    failed = [check for check in check_allocator(load(name)) if not check.passed]
    assert not failed


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_registered_under_its_name(name):
    cls = load(name)
    assert cls.name == name
    assert ALLOCATORS.load(name) is cls


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_described(name):
    cls = load(name)
    assert cls.__doc__
    assert all(option.description for option in cls.OPTIONS.values())
