"""Systems of small blocks and dense rows, against elimination in rational numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from simran.allocation.arrow import Arrow, Blocks


def dense(arrow):
    """Return the whole matrix, in rational numbers."""
    blocks = arrow.blocks
    count, extra = blocks.diagonal.shape[1], len(arrow.corner)
    size = 2 * count + extra
    whole = [[Fraction(0)] * size for _ in range(size)]

    def add(weight, vector):
        for i, one in vector.items():
            for j, other in vector.items():
                whole[i][j] += Fraction(weight) * Fraction(one) * Fraction(other)

    for k in range(count):
        rows = 2 * k, 2 * k + 1
        for side, row in enumerate(rows):
            whole[row][row] += Fraction(blocks.diagonal[side, k])
            for m in range(extra):
                whole[row][2 * count + m] += Fraction(arrow.dense[side, m, k])
                whole[2 * count + m][row] += Fraction(arrow.dense[side, m, k])
        add(blocks.weights[0, k], dict(zip(rows, blocks.first[:, k], strict=True)))
        reach = {2 * count + m: arrow.reach[m, k] for m in range(extra)}
        add(blocks.weights[1, k], dict(zip(rows, blocks.second[:, k], strict=True)) | reach)
    for i in range(extra):
        for j in range(extra):
            whole[2 * count + i][2 * count + j] += Fraction(arrow.corner[i, j])
    return whole


def eliminated(matrix, right):
    """Return the exact solution."""
    rows = [[*row, Fraction(value)] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = next(j for j in range(i, len(rows)) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(len(rows)):
            if j != i and rows[j][i]:
                factor = rows[j][i] / rows[i][i]
                rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    return np.array([float(row[-1] / row[i]) for i, row in enumerate(rows)])


@pytest.mark.parametrize("weight", [0.0, 1.0, 1e6, 1e12])
@pytest.mark.parametrize("seed", range(3))
def test_against_elimination_in_rational_numbers(seed, weight):
    rng = np.random.default_rng(seed)
    count, extra = 3, 2
    blocks = Blocks(
        rng.uniform(0.5, 2.0, (2, count)),
        rng.normal(size=(2, count)),
        rng.normal(size=(2, count)),
        weight * rng.uniform(0.5, 2.0, (2, count)),
    )
    columns = rng.normal(size=(2, extra, count))
    arrow = Arrow(blocks, columns, 50.0 * np.eye(extra), rng.normal(size=(extra, count)))
    right, low = rng.normal(size=(2, count)), rng.normal(size=extra)
    u, v = arrow.solve(right, low)
    exact = eliminated(dense(arrow), np.concatenate([right.T.ravel(), low]))
    scale = np.abs(exact).max()
    np.testing.assert_allclose(u.T.ravel(), exact[: 2 * count], rtol=0, atol=1e-10 * scale)
    np.testing.assert_allclose(v, exact[2 * count :], rtol=0, atol=1e-10 * scale)


def test_blocks_lose_nothing_to_weights_that_forbid_a_direction():
    # along (1, 1) alone something may move, and how far is told by the diagonal alone
    one = np.ones((2, 1))
    against = np.array([[1.0], [-1.0]])
    blocks = Blocks(one, against, against, 1e15 * np.array([[1.0], [0.0]]))
    np.testing.assert_allclose(blocks.solve(one), one, rtol=1e-14)
