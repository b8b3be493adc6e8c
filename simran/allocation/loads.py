"""Whether shares exist under which designs meet their delay budgets, in closed form.

An agent that has τ for sending and for its work at the server needs a/β + d/φ ≤ τ, with a = S/r and
d = Q/f̃. At prices p = (μ, ν) the cheapest such shares cost (√(μ a) + √(ν d))²/τ. With v = (√a, √d) placed
at the agent's cell and server, and p = q², that is (v·q)²/τ, so all agents together cost qᵀ M q with
M = Σ v vᵀ/τ. By duality the least possible largest sum of shares is the maximum of qᵀ M q over unit
vectors: the spectral radius of M. Shares exist if, and only if, it is at most one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simran.allocation.needs import Needs
from simran.allocation.problem import Bools, Floats

__all__ = ["Stations", "largest_load", "leading", "load_matrix", "optimal_shares", "radius"]


@dataclass(frozen=True)
class Stations:
    """Which of J shared stations each agent uses.

    Parameters
    ----------
    cell, server : (K, J) one where the agent uses that cell or server, if it gives shares
    """

    cell: Floats
    server: Floats

    def vectors(self, needs: Needs, clock_hz: Floats) -> Floats:
        """Return v of each design, (..., K, J) [√s]."""
        air = np.sqrt(needs.air_s)[..., None] * self.cell
        served = np.sqrt(needs.server_cycles / clock_hz)[..., None] * self.server
        total: Floats = air + served
        return total


def load_matrix(vectors: Floats, inverse_time: Floats) -> Floats:
    """Return M = Σ_k v vᵀ/τ, (..., J, J); NaN where a design is impossible."""
    scaled = vectors * inverse_time[..., None]
    matrix: Floats = np.swapaxes(scaled, -1, -2) @ vectors
    return matrix


def largest_load(matrix: Floats) -> Floats:
    """Return the least possible largest sum of shares: the spectral radius of M; inf for NaN.

    Examples
    --------
    >>> float(largest_load(np.array([[0.5, 0.2], [0.2, 0.5]])))
    0.7
    """
    size = matrix.shape[-1]
    known = np.logical_and.reduce(np.isfinite(matrix), axis=(-1, -2))
    if size == 1:
        radius = matrix[..., 0, 0]
    elif size == 2:
        a, d, g = matrix[..., 0, 0], matrix[..., 1, 1], matrix[..., 0, 1]
        with np.errstate(invalid="ignore"):
            radius = (a + d) / 2 + np.hypot((a - d) / 2, g)
    else:
        radius = np.linalg.eigvalsh(np.where(known[..., None, None], matrix, 0.0))[..., -1]
    return np.where(known, radius, np.inf)


def radius(matrix: Floats) -> float:
    """Return the spectral radius of one finite matrix, quickly where it has two rows."""
    if len(matrix) != 2:
        return float(largest_load(matrix))
    (a, g), (_, d) = matrix.tolist()
    return float((a + d) / 2 + math.hypot((a - d) / 2, g))


def leading(matrix: Floats) -> tuple[float, Floats]:
    """Return the spectral radius of M, and the prices (J,) at which it is reached: q², with sum 1.

    No price is nothing, so that nothing is ever free.
    """
    if not np.isfinite(matrix).all():
        return math.inf, np.full(len(matrix), 1.0 / len(matrix))
    values, vectors = np.linalg.eigh(matrix)
    prices = np.maximum(vectors[:, -1] ** 2, 1e-12)
    found: Floats = prices / prices.sum()
    return float(values[-1]), found


def optimal_shares(
    vectors: Floats, inverse_time: Floats, stations: Stations
) -> tuple[Floats, Floats]:
    """Return (K,) β and φ that meet every delay with the least largest sum of shares.

    β = √a (√a q_c + √d q_s)/(τ q_c) with the Perron vector q of M, each connected part by itself, so
    that the shares of every station of a part add up to the spectral radius of that part.

    Parameters
    ----------
    vectors : (K, J) v of each agent
    inverse_time : (K,) 1/τ [1/s]
    stations : which station is whose
    """
    direction = _perron(load_matrix(vectors, inverse_time))
    paid = vectors @ direction * inverse_time
    shares = []
    for places in (stations.cell, stations.server):
        own = (vectors * places).sum(axis=1)
        price = places @ direction
        uses = own > 0
        shares.append(np.where(uses, own * paid / np.where(uses, price, 1.0), 0.0))
    return shares[0], shares[1]


def _perron(matrix: Floats) -> Floats:
    """Return (J,) a positive eigenvector of each connected part of M."""
    size = len(matrix)
    direction = np.ones(size)
    for part in _parts(matrix > 0):
        if part.sum() > 1:
            _, vectors = np.linalg.eigh(matrix[np.ix_(part, part)])
            direction[part] = np.maximum(np.abs(vectors[:, -1]), 1e-150)
    return direction


def _parts(linked: Bools) -> list[Bools]:
    """Return the connected parts of an undirected graph, as masks of its nodes."""
    left = np.ones(len(linked), dtype=np.bool_)
    parts = []
    while left.any():
        part = np.zeros(len(linked), dtype=np.bool_)
        part[int(np.argmax(left))] = True
        while True:
            grown = part | linked[part].any(axis=0)
            if (grown == part).all():
                break
            part = grown
        parts.append(part)
        left &= ~part
    return parts
