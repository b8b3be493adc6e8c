"""Branch and bound against a plain search, whatever the numbers."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.allocation import bounding
from simran.allocation.alike import kinds
from simran.allocation.bounding import branch_and_bound
from simran.allocation.common_clock import settle_clocks
from simran.allocation.exhaustive import usable_rows
from simran.allocation.measures import measured, tuned
from simran.allocation.prices import offer
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=10, deadline=None)


def group_of(seed, count, **columns):
    problem = contended_problem(np.random.default_rng(seed), count, **columns)
    return contentions(problem, owned(problem), 1.0)[0]


def plain(group, served):
    """Return every combination that has shares, with its values, straight from the definition."""
    rows = [it if on else [0] for it, on in zip(usable_rows(group), served, strict=True)]
    columns = np.array(list(itertools.product(*rows)))
    load, _ = settle_clocks(group, columns, np.broadcast_to(served, columns.shape))
    columns = columns[load <= group.capacity(served)]
    value = np.where(served, group.menu.value[columns, np.arange(len(served))], 0.0)
    return columns, value


@pytest.mark.parametrize("narrow", [False, True])
@FEW
@given(
    seed=SEEDS,
    count=st.integers(1, 3),
    stepped=st.booleans(),
    crowding=st.floats(0.8, 6.0),
    fair=st.booleans(),
    out=st.integers(0, 2),
)
def test_the_search_finds_what_a_plain_one_finds(narrow, seed, count, stepped, crowding, fair, out):
    group = group_of(seed, count, most_bits=5, cuts=3, stepped=stepped, crowding=crowding)
    served = (np.arange(count) != out) | (count == 1)
    _, value = plain(group, served)
    with pytest.MonkeyPatch.context() as patch:
        if narrow:  # many intervals, and branches that are given up for a while
            patch.setattr(bounding, "_WIDTH", 8)
            patch.setattr(bounding, "_FEW_LEAVES", 3)
        searched = branch_and_bound(group, served, None, usable_rows(group), fair)
    assert searched.complete
    assert bool(searched.found) == bool(len(value))
    if not len(value):
        return
    most = value.max(axis=1) if fair else np.zeros(len(value))
    good = most <= most.min() * (1 + 1e-9)
    assert searched.found[0].value(group, False)[0] == pytest.approx(
        value[good].sum(axis=1).min(), rel=1e-9
    )
    assert searched.bound <= searched.found[0].value(group, False)[0]
    for one in searched.found:
        load, _ = settle_clocks(group, one.columns[None, :], served[None, :])
        assert load[0] <= group.capacity(served)


@FEW
@given(SEEDS, st.floats(0.8, 4.0))
def test_of_alike_agents_one_order_is_enough(seed, crowding):
    problem = contended_problem(
        np.random.default_rng(seed), 2, most_bits=5, cuts=2, crowding=crowding
    )
    twins = problem.select_agents(np.array([0, 1, 0]))
    twins = replace(twins, cell_agents=(3,), server_agents=(3,))
    group = contentions(twins, owned(twins), 1.0)[0]
    assert kinds(group).tolist() == [0, 1, 0]
    served = np.ones(3, dtype=bool)
    _, value = plain(group, served)
    searched = branch_and_bound(group, served, None, usable_rows(group), False)
    assert bool(searched.found) == bool(len(value))
    if len(value):
        least = searched.found[0].value(group, False)[0]
        assert least == pytest.approx(value.sum(axis=1).min(), rel=1e-9)


@FEW
@given(SEEDS, st.integers(2, 12), st.floats(0.05, 3.0))
def test_the_best_level_of_prices_is_found(seed, count, part):
    rng = np.random.default_rng(seed)
    value, costs = rng.exponential(size=(2, 9, count))
    room = float(costs.min(axis=0).sum() * (1 + part))

    def bound(level):
        return (value + level * costs).min(axis=0).sum() - level * room

    found = tuned(value, costs, room)
    assert found.bound == pytest.approx(bound(found.level), rel=1e-9)
    for level in np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 300)]):
        assert bound(level) <= found.bound + 1e-9 * (1 + level * room)


@FEW
@given(SEEDS, st.integers(2, 3), st.floats(0.8, 4.0), st.floats(0.05, 0.95))
def test_designs_with_shares_that_are_good_enough_keep_to_every_measure(seed, count, crowding, at):
    group = group_of(seed, count, most_bits=5, cuts=2, crowding=crowding)
    served = np.ones(count, dtype=bool)
    columns, value = plain(group, served)
    total = value.sum(axis=1)
    low, high, _ = group.clocks[0]
    clock = np.array([low * (high / low) ** at])
    given_ = offer(group, clock)
    if not len(total) or not np.isfinite(given_.value).any(axis=0).all():
        return
    limit = float(np.median(total))
    room = float(group.capacity(served))
    found = measured(given_, room, limit, np.full(2, 0.5))
    agents = np.arange(count)
    fits = [it for it in columns[total <= limit] if _load(given_, it) <= room]
    for design in fits:
        assert (found.amount[:, design, agents].sum(axis=1) <= found.most).all()
        assert given_.value[design, agents].sum() >= found.bound * (1 - 1e-9)


def _load(given_, columns):
    if not np.isfinite(given_.value[columns, np.arange(len(columns))]).all():
        return np.inf
    return given_.load(columns)
