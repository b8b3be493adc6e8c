"""What a processor with dynamic voltage and frequency scaling can do, and what it draws."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

__all__ = ["PowerLaw", "PowerStates", "Processor"]


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Power as a law of the clock: busy draws ``static + dynamic·f^exponent``.

    Parameters
    ----------
    dynamic : ψ, dynamic power coefficient [W/Hz^exponent]
    exponent : α, above 1
    static_w : leakage and the like, drawn while busy [W]
    idle_w : drawn while idle [W]
    """

    dynamic: float
    exponent: float = 3.0
    static_w: float = 0.0
    idle_w: float = 0.0

    def dynamic_w(self, frequency_hz: float) -> float:
        """Return ψ f^α [W]."""
        return float(self.dynamic * frequency_hz**self.exponent)

    def static_at_w(self, frequency_hz: float) -> float:
        """Return the power that a busy processor draws besides the dynamic one [W]."""
        return self.static_w

    def idle_at_w(self, frequency_hz: float) -> float:
        """Return the power drawn while idle [W]; the same at every clock."""
        return self.idle_w


@dataclass(frozen=True, slots=True)
class PowerStates:
    """Power as measured at each of a few clocks.

    A busy processor draws ``busy_w``; the part above the same clock's idle power is what a request
    causes and is charged to it, the rest is charged to the device. An idle processor stays at the
    clock of its last job.

    Parameters
    ----------
    frequencies_hz : (F,) ascending [Hz]
    busy_w, idle_w : (F,) [W]
    """

    frequencies_hz: tuple[float, ...]
    busy_w: tuple[float, ...]
    idle_w: tuple[float, ...]

    def _index(self, frequency_hz: float) -> int:
        index = bisect_left(self.frequencies_hz, frequency_hz * (1 - 1e-9))
        if index == len(self.frequencies_hz) or not math.isclose(
            self.frequencies_hz[index], frequency_hz, rel_tol=1e-9
        ):
            raise ValueError(f"frequency_hz {frequency_hz:g} is not one of {self.frequencies_hz}")
        return index

    def dynamic_w(self, frequency_hz: float) -> float:
        """Return busy less idle power at that clock [W]."""
        index = self._index(frequency_hz)
        return self.busy_w[index] - self.idle_w[index]

    def static_at_w(self, frequency_hz: float) -> float:
        """Return what a busy processor draws besides the dynamic power: that clock's idle power."""
        return self.idle_w[self._index(frequency_hz)]

    def idle_at_w(self, frequency_hz: float) -> float:
        """Return the power drawn while idle at that clock [W]."""
        return self.idle_w[self._index(frequency_hz)]


@dataclass(frozen=True, slots=True)
class Processor:
    """A clocked processor.

    Parameters
    ----------
    f_max_hz : highest clock [Hz]
    flops_per_cycle : c [FLOP/cycle]
    power : a law of the clock, or measured states
    frequencies_hz : (F,) the clocks it can take, ascending [Hz]; None for any in (0, f_max]
    memory_bytes : room for weights [B]
    memory_bytes_per_s : at which other weights are loaded [B/s]
    pue : η ≥ 1, multiplies all power of the device
    switching_delay_s, switching_energy_j : cost of one change of clock [s], [J]

    Examples
    --------
    >>> cpu = Processor(2e9, 32, PowerLaw(1e-28))
    >>> cpu.seconds(64e9, 2e9)
    1.0
    >>> round(cpu.dynamic_j(64e9, 2e9), 12)
    0.8
    """

    f_max_hz: float
    flops_per_cycle: float
    power: PowerLaw | PowerStates
    frequencies_hz: tuple[float, ...] | None = None
    memory_bytes: float = math.inf
    pue: float = 1.0
    switching_delay_s: float = 0.0
    switching_energy_j: float = 0.0
    memory_bytes_per_s: float = math.inf

    @property
    def full_dynamic_w(self) -> float:
        """The largest dynamic power, at the highest clock, PUE included [W]."""
        return self.pue * self.power.dynamic_w(self.f_max_hz)

    def can_run_at(self, frequency_hz: float) -> bool:
        """Say whether the processor can take that clock (to within 1e-9 relative)."""
        if not 0 < frequency_hz <= self.f_max_hz * (1 + 1e-9):
            return False
        if self.frequencies_hz is None:
            return True
        return any(math.isclose(step, frequency_hz, rel_tol=1e-9) for step in self.frequencies_hz)

    def seconds(self, flops: float, frequency_hz: float) -> float:
        """Return the time of ``flops`` operations at that clock [s]: N / (f c)."""
        return flops / (frequency_hz * self.flops_per_cycle)

    def dynamic_j(self, flops: float, frequency_hz: float) -> float:
        """Return the dynamic energy of ``flops`` operations [J]: η ψ (N/c) f^(α-1)."""
        return self.pue * self.power.dynamic_w(frequency_hz) * self.seconds(flops, frequency_hz)
