"""Named random streams: the same for the same name, others for every other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from simran.streams import Streams


def test_the_same_name_gives_the_same_draws() -> None:
    first = Streams(7, 1).generator("inspector/3", "arrivals").random(5)
    assert np.array_equal(first, Streams(7, 1).generator("inspector/3", "arrivals").random(5))


def test_everything_in_the_name_matters() -> None:
    draws = {
        Streams(seed, replication).generator(*name).random()
        for seed, replication, name in itertools.product(
            [0, 1, 2**63, 2**64 + 1],
            [0, 1],
            [("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), ("a/b",), ("", "ab"), ()],
        )
    }
    assert len(draws) == 4 * 2 * 8


def test_draws_stay_as_they_were() -> None:
    """A change of the hashing would silently change every result."""
    draw = Streams(7).generator("inspector/0", "arrivals").integers(2**63)
    assert int(draw) == 7643440617456463465


def test_streams_are_not_correlated() -> None:
    count, length = 40, 2000
    draws = np.array([Streams(1).generator(f"agent/{k}").random(length) for k in range(count)])
    off = np.corrcoef(draws)[np.triu_indices(count, 1)]
    # 780 correlations of standard deviation 1/sqrt(2000): five of them bound all but one in 2,000 runs.
    assert np.abs(off).max() < 5 / np.sqrt(length)


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (0, -1)])
def test_negative_numbers_are_refused(seed: int, replication: int) -> None:
    with pytest.raises(ValueError, match="must be 0 or more, got -1"):
        Streams(seed, replication)
