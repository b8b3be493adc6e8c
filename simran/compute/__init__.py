"""FLOP and byte cost of a model part; time, power and energy of a processor with DVFS."""

from simran.compute.processor import PowerLaw, PowerStates, Processor

__all__ = ["PowerLaw", "PowerStates", "Processor"]
