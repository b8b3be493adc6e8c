"""Transport links: full duplex, first in first out, store and forward."""

from __future__ import annotations

import math

__all__ = ["Direction"]


class Direction:
    """One direction of a transport link.

    A message begins when the one before it has been sent in full, takes bits/rate to send, and
    arrives the propagation delay later: its arrival is known when it is handed over.

    Parameters
    ----------
    rate_bps : rate [bit/s]; inf for no sending time
    delay_s : propagation delay [s]

    Examples
    --------
    >>> wire = Direction(1000.0, 0.5)
    >>> wire.carry(0.0, 1000.0), wire.carry(0.0, 500.0)
    (1.5, 2.0)
    """

    __slots__ = ("_delay_s", "_free_s", "_messages", "_rate_bps", "bits", "busy_s")

    def __init__(self, rate_bps: float, delay_s: float) -> None:
        self._rate_bps = rate_bps
        self._delay_s = delay_s
        self._free_s = 0.0
        self.busy_s = self.bits = 0.0
        self._messages: list[float] = []  # arrival, start, duration of one after another

    @property
    def instant(self) -> bool:
        """Whether messages take no time at all."""
        return self._delay_s == 0.0 and self._rate_bps == math.inf

    def carry(self, now_s: float, bits: float) -> float:
        """Take a message now; return when it arrives at the other end [s]."""
        seconds = bits / self._rate_bps
        start_s = now_s if self._free_s <= now_s else self._free_s
        self._free_s = start_s + seconds
        self.busy_s += seconds
        self.bits += bits
        self._messages += (now_s, start_s, seconds)
        return self._free_s + self._delay_s

    def take_sent(self, now_s: float) -> list[float]:
        """Return the messages sent in full by now, once: arrival, start and duration [s] of each."""
        kept = len(self._messages)
        while kept and self._messages[kept - 2] + self._messages[kept - 1] > now_s:
            kept -= 3
        sent, self._messages = self._messages[:kept], self._messages[kept:]
        return sent

    def busy_until(self, now_s: float) -> float:
        """Return the time spent sending up to now [s]."""
        return self.busy_s - max(0.0, self._free_s - now_s)
