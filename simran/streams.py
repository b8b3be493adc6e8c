"""Named random streams under one seed and replication.

Every entity draws from streams of its own, named by what they are for ("inspector/3", "arrivals").
Adding an entity or changing the allocator moves no other draw, so paired runs share their
random numbers without any bookkeeping.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

__all__ = ["Streams"]


@dataclass(frozen=True, slots=True)
class Streams:
    """The random streams of one replication of one run.

    Parameters
    ----------
    seed : non-negative integer, the seed of the run
    replication : index of the replication, from 0

    Examples
    --------
    >>> a = Streams(7).generator("inspector/0", "arrivals").random()
    >>> b = Streams(7).generator("inspector/0", "arrivals").random()
    >>> a == b
    True
    """

    seed: int
    replication: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, got {self.seed}")
        if self.replication < 0:
            raise ValueError(f"replication must be 0 or more, got {self.replication}")

    def generator(self, *name: str) -> np.random.Generator:
        """Return a fresh generator for the stream ``name``, always the same for the same name.

        The name is hashed with SHA-256 into the entropy of a PCG64 generator, so streams of
        different names are independent for every practical purpose.
        """
        digest = hashlib.sha256("\x1f".join(name).encode()).digest()
        words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
        sequence = np.random.SeedSequence([self.seed, self.replication, *words])
        return np.random.Generator(np.random.PCG64(sequence))
