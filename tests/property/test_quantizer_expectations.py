"""What holds of expected errors and of floors, whatever the law and the quantizer."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simran.allocation import ALLOCATORS, evaluate
from simran.allocation.samples import sample_problem
from simran.distortion import GeneralisedNormal, Scheme, expected_errors, law_distortion

SHAPES = st.sampled_from([0.4, 0.7, 1.0, 1.3, 1.9, 3.0])
EVEN = st.sampled_from(["uniform", "integer"])


@settings(max_examples=60, deadline=None)
@given(
    kind=EVEN,
    shape=SHAPES,
    clip=st.sampled_from(["mae", "mse", "none"]),
    count=st.integers(2, 10**6),
)
def test_equally_spaced_levels_err_less_with_every_bit(
    kind: str, shape: float, clip: str, count: int
) -> None:
    sharing = [(float(count), 1.0)] if clip == "none" else []
    bits = range(2, 17)
    found = expected_errors(Scheme(kind, clip=clip), bits, GeneralisedNormal(shape, 1.0), sharing)
    assert np.all(np.diff(found.mean) < 0.0)
    assert np.all(np.diff(found.lower) < 0.0)
    assert np.all(found.lower < found.mean)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["uniform", "integer", "power-of-two", "lloyd-max"]),
    shape=SHAPES,
    bits=st.integers(2, 11),
)
def test_no_scale_chosen_beforehand_errs_less_than_the_best_one(
    kind: str, shape: float, bits: int
) -> None:
    law = GeneralisedNormal(shape, 1.0)
    least = float(law_distortion(kind, bits, law))
    # a scale taken from the weights themselves may do better than any that is chosen beforehand
    squares = float(expected_errors(Scheme(kind, clip="mse"), [bits], law).mean[0])
    assert squares >= least * (1 - 1e-6)
    best = float(law_distortion("lloyd-max", bits, law))
    assert best <= least * (1.0 + 1e-6), "of all code books that of least error"


@settings(max_examples=40, deadline=None)
@given(kind=EVEN, shape=SHAPES, bits=st.integers(2, 12), count=st.integers(1, 5000))
def test_fewer_weights_with_one_scale_err_less(
    kind: str, shape: float, bits: int, count: int
) -> None:
    law = GeneralisedNormal(shape, 1.0)
    few, many = (
        float(expected_errors(Scheme(kind, "row", "none"), [bits], law, [(n, 1.0)]).mean[0])
        for n in (count, 2 * count)
    )
    assert few < many


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), name=st.sampled_from(["exact", "sca", "max-frequency"]))
def test_a_floor_only_takes_designs_away(seed: int, name: str) -> None:
    problem = sample_problem(np.random.default_rng(seed), 12, floors=True)
    free = sample_problem(
        np.random.default_rng(seed), 12, floors=True, quality_floor=np.full(12, -np.inf)
    )
    held, loose = (ALLOCATORS.load(name)().allocate(it) for it in (problem, free))
    assert not (held.feasible & ~loose.feasible).any()
    both = held.feasible
    less = evaluate(free, loose).distortion <= evaluate(problem, held).distortion * (1.0 + 1e-9)
    assert less[both].all()
    assert evaluate(problem, held).quality_ok[both].all()
