"""All designs of some agents at one moment: what they are worth, and what their shares cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from simran.allocation.loads import largest_load, leading, load_matrix, radius
from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["CROWD", "Ledger", "Offer", "RootOffer"]

CROWD = 100  #: agents above whom designs are told roughly first, and looked at all together


class Ledger(ABC):
    """The load of one design for each of some agents, kept up as designs change."""

    @abstractmethod
    def load_with(self, agent: int, row: int) -> float:
        """Return the load if one agent had the design in ``row``; it may be reckoned too high."""

    @abstractmethod
    def take(self, agent: int, row: int) -> None:
        """Let an agent have the design in ``row``."""

    @abstractmethod
    def loads_with(self, agent: int, rows: Ints) -> Floats:
        """Return the load with each of the designs in ``rows`` (N,) of one agent."""

    @abstractmethod
    def loads(self) -> Floats:
        """Return (M, n) the load with each design of every agent who is served."""


@dataclass(frozen=True)
class Offer(ABC):
    """All designs of n agents under given clocks.

    Parameters
    ----------
    value : (M, n) w D; inf where a design is impossible
    """

    value: Floats
    exact: ClassVar[bool] = True  # whether costs are so, not only too high by little

    @property
    @abstractmethod
    def size(self) -> int:
        """J, the number of shared stations."""

    @abstractmethod
    def costs(self, direction: Floats) -> Floats:
        """Return (M, n) what the shares of each design cost at prices ``direction`` (J,)."""

    @abstractmethod
    def asked(self, columns: Ints, direction: Floats) -> Floats:
        """Return (J,) the sums of the cheapest shares of the designs in rows ``columns`` at some prices."""

    @abstractmethod
    def balanced(self, columns: Ints) -> tuple[float, Floats]:
        """Return the least largest sum of shares of some designs, (n,) rows, and the prices (J,) then.

        At these prices, with sum 1, their cheapest shares have that sum at every station that has a price.
        """

    def load(self, columns: Ints) -> float:
        """Return the least largest sum of shares of the designs in rows ``columns``."""
        return self.balanced(columns)[0]

    @abstractmethod
    def ledger(self, columns: Ints, served: Bools, direction: Floats) -> Ledger:
        """Return a ledger that begins with the designs in rows ``columns`` of those who are served.

        Parameters
        ----------
        columns, served : (n,)
        direction : (J,) prices near which the load is reckoned
        """

    @abstractmethod
    def only(self, agents: Ints) -> Self:
        """Return the designs of some agents."""

    @abstractmethod
    def settled_on(self, columns: Ints) -> Self:
        """Return only the designs in rows ``columns`` (n,), one for each agent."""

    def focused(self, direction: Floats) -> Offer:
        """Return the same, told more exactly near some prices (J,) if it was told roughly."""
        return self

    def least_costs(self, direction: Floats) -> Floats:
        """Return (M, n) costs that are surely not too high, for bounds."""
        return self.costs(direction)

    def below(self, most: float) -> Self:
        """Return the same with designs whose value is above ``most`` taken out."""
        return replace(self, value=np.where(self.value <= most, self.value, np.inf))


@dataclass(frozen=True)
class RootOffer(Offer):
    """Designs whose shares cost (v·√p)²/τ: airtime, and cores at a common clock.

    Parameters
    ----------
    vectors : (M, n, J) v of each design, see :mod:`simran.allocation.loads`
    inverse : (M, n) 1/τ; 0 where impossible
    """

    vectors: Floats
    inverse: Floats

    @property
    def size(self) -> int:
        """J, the number of shared stations."""
        return int(self.vectors.shape[-1])

    def costs(self, direction: Floats) -> Floats:
        """Return (M, n) what the shares of each design cost at prices ``direction`` (J,)."""
        paid = self.vectors @ np.sqrt(direction)
        return np.where(np.isfinite(self.value), paid**2 * self.inverse, np.inf)

    def asked(self, columns: Ints, direction: Floats) -> Floats:
        """Return (J,) the sums of the cheapest shares of the designs in rows ``columns`` at some prices."""
        root = np.sqrt(direction)
        sums: Floats = (self._matrix(columns) @ root) / root
        return sums

    def balanced(self, columns: Ints) -> tuple[float, Floats]:
        """Return the least load of the designs in rows ``columns``, and the prices (J,) then."""
        return leading(self._matrix(columns))

    def ledger(self, columns: Ints, served: Bools, direction: Floats) -> Ledger:
        """Return a ledger that begins with the designs in rows ``columns`` of those who are served."""
        return _RootLedger(self, columns, served)

    def only(self, agents: Ints) -> Self:
        """Return the designs of some agents."""
        return replace(
            self,
            value=self.value[:, agents],
            vectors=self.vectors[:, agents],
            inverse=self.inverse[:, agents],
        )

    def settled_on(self, columns: Ints) -> Self:
        """Return only the designs in rows ``columns`` (n,), one for each agent."""
        agents = np.arange(len(columns))
        return replace(
            self,
            value=self.value[None, columns, agents],
            vectors=self.vectors[None, columns, agents],
            inverse=self.inverse[None, columns, agents],
        )

    def _matrix(self, columns: Ints) -> Floats:
        agents = np.arange(len(columns))
        return load_matrix(self.vectors[columns, agents], self.inverse[columns, agents])


class _RootLedger(Ledger):
    """Keeps the matrix whose spectral radius the load is."""

    def __init__(self, given: RootOffer, columns: Ints, served: Bools) -> None:
        agents = np.arange(len(columns))
        self._given = given
        self._columns = np.where(served, columns, -1)
        self._matrix = load_matrix(
            given.vectors[columns, agents], np.where(served, given.inverse[columns, agents], 0.0)
        )

    def load_with(self, agent: int, row: int) -> float:
        """Return the load if one agent had the design in ``row``."""
        return radius(self._changed(agent, row))

    def take(self, agent: int, row: int) -> None:
        """Let an agent have the design in ``row``."""
        self._matrix = self._changed(agent, row)
        self._columns[agent] = row

    def loads_with(self, agent: int, rows: Ints) -> Floats:
        """Return the load with each of the designs in ``rows`` (N,) of one agent."""
        given, before = self._given, int(self._columns[agent])
        vectors = given.vectors[rows, agent]
        added = vectors[:, :, None] * (vectors * given.inverse[rows, agent][:, None])[:, None, :]
        changed = self._matrix + added
        return largest_load(changed if before < 0 else changed - self._outer(agent, before))

    def loads(self) -> Floats:
        """Return (M, n) the load with each design of every agent who is served."""
        given, agents = self._given, np.arange(len(self._columns))
        now = given.vectors[self._columns, agents]
        now = now[:, :, None] * (now * given.inverse[self._columns, agents][:, None])[:, None, :]
        scaled = given.vectors * given.inverse[..., None]
        return largest_load(self._matrix + given.vectors[..., :, None] * scaled[..., None, :] - now)

    def _changed(self, agent: int, row: int) -> Floats:
        changed = self._matrix + self._outer(agent, row)
        before = int(self._columns[agent])
        return changed if before < 0 else changed - self._outer(agent, before)

    def _outer(self, agent: int, row: int) -> Floats:
        vector = self._given.vectors[row, agent]
        found: Floats = vector[:, None] * (vector * self._given.inverse[row, agent])
        return found
